import { Entity, PrimaryColumn } from 'typeorm';

/** Table `search_words`: every word that stands, or once stood, in a name or description. */
@Entity('search_words')
export class SearchWordEntity {
  @PrimaryColumn({ type: 'text', collation: 'C', primaryKeyConstraintName: 'pk_search_word' })
  word: string;
}

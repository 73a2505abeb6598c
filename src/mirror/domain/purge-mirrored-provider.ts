/** Name of the job that deletes one provider whose mirror was deleted with everything it brought. */
export const PURGE_MIRRORED_PROVIDER = 'purge-mirrored-provider';

import { Injectable } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import type { VNode } from 'preact';
import { WebConfig } from '../config/web.config.js';
import { renderPage } from './render.js';
import { StyleSheet } from './style-sheet.js';
import type { PageFrame } from './views/layout.js';
import type { WebSession } from './web-sessions.service.js';

/** What is special about one answer. */
export interface PageOptions {
  readonly status?: number;
  /** An address besides this server to which a form of the page may lead. */
  readonly formAction?: string | undefined;
}

/** Sends the pages of this server with their headers (REST contract 2.6). */
@Injectable()
export class Pages {
  constructor(
    private readonly web: WebConfig,
    private readonly styleSheet: StyleSheet,
  ) {}

  /** Whether there are pages besides those of `terraform login`. */
  get areOn(): boolean {
    return this.web.enabled;
  }

  /** The frame of a page for whoever is signed in. */
  frame(session?: WebSession): PageFrame {
    // Where another web client has this origin, only what is below /api/v1 comes here.
    const folder = this.areOn ? '/assets' : '/api/v1/oauth/assets';
    return {
      styleSheet: `${folder}/${this.styleSheet.fileName}`,
      hasPages: this.areOn,
      signedInAs: session?.user.name,
    };
  }

  /** Sends a page. */
  send(reply: FastifyReply, page: VNode, { status = 200, formAction }: PageOptions = {}): void {
    void reply
      .code(status)
      .header('content-security-policy', contentSecurityPolicy(formAction))
      .header('cache-control', 'no-store')
      .type('text/html; charset=utf-8')
      .send(renderPage(page));
  }

  /** Sends the browser to a page of this server, by GET; after a form with 303. */
  goTo(reply: FastifyReply, path: string, status: 302 | 303 = 302): void {
    void reply.header('cache-control', 'no-store').redirect(path, status);
  }
}

function contentSecurityPolicy(formAction: string | undefined): string {
  return [
    "default-src 'self'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    formAction === undefined ? "form-action 'self'" : `form-action 'self' ${formAction}`,
    "frame-ancestors 'none'",
  ].join('; ');
}

import { describe, expect, it } from 'vitest';
import { welcomeText } from './welcome.js';

describe('the welcome at a terminal', () => {
  it('shows a host block for plain http, because clients discover over https only', () => {
    expect(welcomeText('http://localhost:8080')).toContain(
      '"modules.v1"   = "http://localhost:8080/v1/modules/"',
    );
  });

  it('shows addresses with the port for https', () => {
    const text = welcomeText('https://registry.example.com:8443');
    expect(text).toContain('registry.example.com:8443/<namespace>/<type>');
    expect(text).not.toContain('host "');
  });
});

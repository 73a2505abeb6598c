import { describe, expect, it } from 'vitest';
import { Open, PublicRead, RequireScope, ROUTE_ACCESS } from './route-access.decorator.js';

describe('declaring who may call a route', () => {
  it('writes the rule on the handler', () => {
    class Routes {
      @PublicRead('modules:read')
      list() {}
    }
    const access: unknown = Reflect.getMetadata(ROUTE_ACCESS, Routes.prototype.list);
    expect(access).toEqual({ kind: 'public-read', scope: 'modules:read' });
  });

  it('refuses a second rule on the same handler', () => {
    expect(() => {
      class Routes {
        @Open()
        @RequireScope('modules:write')
        publish() {}
      }
      return Routes;
    }).toThrow(/Routes\.publish declares its access twice/);
  });
});

import type { ScreenProps } from '../app';
export function Embed(_: ScreenProps & { tool: string }) { return null; }

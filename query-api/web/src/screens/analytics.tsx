import type { ScreenProps } from '../app';
export function Analytics(_: ScreenProps) { return null; }

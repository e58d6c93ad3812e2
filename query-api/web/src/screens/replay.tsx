import type { ScreenProps } from '../app';
export function Replay(_: ScreenProps) { return null; }

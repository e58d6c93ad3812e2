import type { ScreenProps } from '../app';
export function Traces(_: ScreenProps) { return null; }

import type { ScreenProps } from '../app';
export function Pipeline(_: ScreenProps) { return null; }

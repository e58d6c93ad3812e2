import type { ScreenProps } from '../app';
export function Costs(_: ScreenProps) { return null; }

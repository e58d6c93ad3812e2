/*
 * SPDX-License-Identifier: Apache-2.0
 */
import type { ReactNode } from 'react';

function icon(paths: ReactNode) {
  return function Icon({ size = 16 }: { size?: number }) {
    return (
      <svg width={size} height={size} viewBox="0 0 16 16" fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true">
        {paths}
      </svg>
    );
  };
}

export const ClockIcon = icon(<><circle cx="8" cy="8" r="6" /><path d="M8 4.8V8l2.2 1.6" /></>);
export const RefreshIcon = icon(<><path d="M13.5 8a5.5 5.5 0 1 1-1.6-3.9" /><path d="M13.6 1.8v2.8h-2.8" /></>);
export const ChevronDown = icon(<path d="M4.5 6.5 8 10l3.5-3.5" />);
export const ChevronRight = icon(<path d="M6.5 4.5 10 8l-3.5 3.5" />);
export const ChevronLeft = icon(<path d="M9.5 4.5 6 8l3.5 3.5" />);
export const ChevronUp = icon(<path d="M4.5 9.5 8 6l3.5 3.5" />);
export const ZoomOutIcon = icon(<><circle cx="7" cy="7" r="4.5" /><path d="M10.5 10.5 14 14M5 7h4" /></>);
export const SearchIcon = icon(<><circle cx="7" cy="7" r="4.5" /><path d="M10.5 10.5 14 14" /></>);
export const FilterIcon = icon(<path d="M2.5 4h11M4.5 8h7M6.5 12h3" />);
export const CloseIcon = icon(<path d="m4.5 4.5 7 7M11.5 4.5l-7 7" />);
export const SunIcon = icon(<><circle cx="8" cy="8" r="2.8" /><path d="M8 1.5v1.2M8 13.3v1.2M1.5 8h1.2M13.3 8h1.2M3.4 3.4l.9.9M11.7 11.7l.9.9M12.6 3.4l-.9.9M4.3 11.7l-.9.9" /></>);
export const MoonIcon = icon(<path d="M13.5 9.4A5.8 5.8 0 0 1 6.6 2.5a5.8 5.8 0 1 0 6.9 6.9Z" />);
export const ScreenIcon = icon(<><rect x="2" y="3" width="12" height="8" rx="1.5" /><path d="M6 13.5h4" /></>);
export const HelpIcon = icon(<><circle cx="8" cy="8" r="6" /><path d="M8 7.4v3.3M8 5.2v.1" /></>);
export const WarnIcon = icon(<><path d="M8 2.4 14.2 13H1.8L8 2.4Z" /><path d="M8 6.6v2.8M8 11.3v.1" /></>);
export const TableIcon = icon(<><rect x="2.2" y="3" width="11.6" height="10" rx="1.5" /><path d="M2.2 6.4h11.6M6.6 6.4V13" /></>);
export const ChartIcon = icon(<path d="M2.5 13.5h11M3 10.5l3-3.5 2.5 2 4-5" />);
export const CopyIcon = icon(<><rect x="5.5" y="5.5" width="8" height="8" rx="1.5" /><path d="M10.5 3.5v-.2A.8.8 0 0 0 9.7 2.5H3.3a.8.8 0 0 0-.8.8v6.4a.8.8 0 0 0 .8.8h.2" /></>);
export const DownloadIcon = icon(<path d="M8 2.5v7.6M4.8 7.2 8 10.3l3.2-3.1M3 13.3h10" />);
export const ExternalIcon = icon(<path d="M9.5 2.8h3.7v3.7M13 3 7.8 8.2M11.5 9.5v3a.8.8 0 0 1-.8.8H3.6a.8.8 0 0 1-.8-.8V5.3a.8.8 0 0 1 .8-.8h3" />);
export const PlayIcon = icon(<path d="M5 3.2v9.6L12.8 8 5 3.2Z" fill="currentColor" />);
export const PauseIcon = icon(<path d="M5.5 3.5v9M10.5 3.5v9" strokeWidth="2.4" />);
export const FirstIcon = icon(<path d="M4 4v8M12 4 7 8l5 4" />);
export const LastIcon = icon(<path d="M12 4v8M4 4l5 4-5 4" />);
export const CheckIcon = icon(<path d="m3.5 8.5 3 3 6-7" />);
export const LiveIcon = icon(<><circle cx="8" cy="8" r="1.8" fill="currentColor" /><path d="M4.5 11.5a5 5 0 0 1 0-7M11.5 4.5a5 5 0 0 1 0 7" /></>);

export function Logo() {
  return (
    <svg width="24" height="24" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="8" fill="var(--accent)" />
      <path d="M7 10h11M7 16h18M14 22h11" stroke="var(--on-accent)" strokeWidth="3.4" strokeLinecap="round" />
    </svg>
  );
}

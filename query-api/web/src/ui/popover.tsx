/*
 * SPDX-License-Identifier: Apache-2.0
 */
import { useEffect, useRef, useState, type ReactNode } from 'react';

interface PopoverProps {
  /** Words of the button for those who cannot see it; left out where its content says enough. */
  label?: string;
  button: ReactNode;
  buttonClass?: string;
  align?: 'left' | 'right';
  children: (close: () => void) => ReactNode;
}

/** A button with a box beneath it; closes on Esc and on a press outside, and gives the focus back. */
export function Popover({ label, button, buttonClass = 'btn', align = 'left', children }: PopoverProps) {
  const [open, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const trigger = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (!open) return;
    const press = (e: PointerEvent) => {
      if (!box.current?.contains(e.target as Node)) setOpen(false);
    };
    const key = (e: KeyboardEvent) => {
      if (e.key !== 'Escape') return;
      e.stopPropagation();
      setOpen(false);
      trigger.current?.focus();
    };
    document.addEventListener('pointerdown', press);
    document.addEventListener('keydown', key, true);
    return () => {
      document.removeEventListener('pointerdown', press);
      document.removeEventListener('keydown', key, true);
    };
  }, [open]);
  return (
    <div className="pop" ref={box}>
      <button ref={trigger} type="button" className={buttonClass} aria-expanded={open} aria-haspopup="dialog" aria-label={label} title={label} onClick={() => setOpen(!open)}>
        {button}
      </button>
      {open && <div className={`pop-body ${align}`}>{children(() => setOpen(false))}</div>}
    </div>
  );
}

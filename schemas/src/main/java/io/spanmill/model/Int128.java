/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.model;

import java.math.BigInteger;

/**
 * A 128-bit signed sum of longs. Mutable, not thread-safe; overflow wraps (it would take 10²⁰
 * calls).
 */
public final class Int128 {
  private long high;
  private long low;

  public Int128() {}

  public Int128(long high, long low) {
    this.high = high;
    this.low = low;
  }

  public void add(long value) {
    add(value >> 63, value);
  }

  public void add(Int128 other) {
    add(other.high, other.low);
  }

  private void add(long otherHigh, long otherLow) {
    long sum = low + otherLow;
    high += otherHigh + (Long.compareUnsigned(sum, low) < 0 ? 1 : 0);
    low = sum;
  }

  public void set(long newHigh, long newLow) {
    high = newHigh;
    low = newLow;
  }

  public long high() {
    return high;
  }

  public long low() {
    return low;
  }

  public BigInteger toBigInteger() {
    BigInteger unsignedLow =
        BigInteger.valueOf(low >>> 1).shiftLeft(1).or(BigInteger.valueOf(low & 1));
    return BigInteger.valueOf(high).shiftLeft(64).add(unsignedLow);
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Int128 other && high == other.high && low == other.low;
  }

  @Override
  public int hashCode() {
    return Long.hashCode(high) * 31 + Long.hashCode(low);
  }

  @Override
  public String toString() {
    return toBigInteger().toString();
  }
}

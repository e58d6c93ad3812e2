/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.query.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.math.BigDecimal;
import java.util.Arrays;
import org.junit.jupiter.api.Test;

final class CsvTest {
  @Test
  void line_quotesWhatMustBeQuoted_andDisarmsFormulas() {
    assertThat(line("a", null, 1L, 0.5, true)).isEqualTo("a,,1,0.5,true\r\n");
    assertThat(line("say \"hi\"", "a,b", "two\nlines", " padded "))
        .isEqualTo("\"say \"\"hi\"\"\",\"a,b\",\"two\nlines\",\" padded \"\r\n");
    assertThat(line("=1+1", "+cmd", "@x", "-a", "\tx", "=a,b"))
        .isEqualTo("'=1+1,'+cmd,'@x,'-a,'\tx,\"'=a,b\"\r\n");
  }

  @Test
  void line_leavesNumbersAndMoneyAlone() {
    assertThat(line("-0.000000000001", -5L, new BigDecimal("-1.5"), "0"))
        .isEqualTo("-0.000000000001,-5,-1.5,0\r\n");
  }

  private static String line(Object... values) {
    StringBuilder out = new StringBuilder();
    Export.line(out, Arrays.asList(values));
    return out.toString();
  }
}

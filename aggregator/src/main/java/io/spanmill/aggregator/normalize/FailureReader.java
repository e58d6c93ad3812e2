/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.aggregator.normalize;

import io.spanmill.model.ErrorClass;
import io.spanmill.model.NormalizedSpan;
import io.spanmill.otlp.AttributeView;
import io.spanmill.otlp.EventCursor;
import io.spanmill.otlp.MalformedOtlpException;
import io.spanmill.otlp.TraceReader;

/**
 * Decides whether a span failed (ERROR status, an error's name, or an HTTP status of 400 and more)
 * and why. Not thread-safe.
 */
final class FailureReader {
  private static final int MAX_MESSAGE = 1024;

  private final int[] exceptionType;
  private final int[] exceptionMessage;

  FailureReader(KeySlots all) {
    exceptionType = all.slots("exception.type");
    exceptionMessage = all.slots("exception.message");
  }

  void read(TraceReader span, Dialect dialect, NormalizedSpan out) throws MalformedOtlpException {
    AttributeView attributes = span.attributes();
    String type = dialect.text(attributes, Field.ERROR_TYPE);
    out.httpStatus = status(Values.count(attributes, dialect.slots(Field.HTTP_STATUS)));
    boolean errorStatus = span.statusCode() == SpanKind.STATUS_ERROR;
    if (!errorStatus && type.isEmpty() && out.httpStatus < 400) {
      return;
    }
    out.failed = true;
    String code = dialect.text(attributes, Field.ERROR_CODE);
    if (out.httpStatus < 400) {
      int inCode = status(Values.count(code));
      out.httpStatus = inCode != 0 ? inCode : out.httpStatus;
    }
    String message = dialect.text(attributes, Field.ERROR_MESSAGE);
    if (message.isEmpty()) {
      message = span.statusMessage();
    }
    ErrorClass of = Failures.classify(type, code, message, out.httpStatus);
    if (of == ErrorClass.OTHER || type.isEmpty() || message.isEmpty()) {
      EventCursor events = span.events();
      while (events.next()) {
        if (events.name().equals("exception")) {
          AttributeView thrown = events.attributes();
          String thrownType = Values.text(thrown, exceptionType);
          String thrownMessage = Values.text(thrown, exceptionMessage);
          if (of == ErrorClass.OTHER) {
            of = Failures.classify(thrownType, code, thrownMessage, out.httpStatus);
          }
          type = type.isEmpty() ? thrownType : type;
          message = message.isEmpty() ? thrownMessage : message;
        }
      }
    }
    out.errorClass = of;
    out.errorType = type;
    out.errorMessage = message.length() > MAX_MESSAGE ? message.substring(0, MAX_MESSAGE) : message;
  }

  private static int status(long told) {
    return told >= 100 && told < 600 ? (int) told : 0;
  }
}

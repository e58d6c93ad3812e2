/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.common.v1.AnyValue;
import io.opentelemetry.proto.common.v1.ArrayValue;
import io.opentelemetry.proto.common.v1.EntityRef;
import io.opentelemetry.proto.common.v1.InstrumentationScope;
import io.opentelemetry.proto.common.v1.KeyValue;
import io.opentelemetry.proto.common.v1.KeyValueList;
import io.opentelemetry.proto.resource.v1.Resource;
import io.opentelemetry.proto.trace.v1.ResourceSpans;
import io.opentelemetry.proto.trace.v1.ScopeSpans;
import io.opentelemetry.proto.trace.v1.Span;
import io.opentelemetry.proto.trace.v1.Status;

/**
 * Wire tags (field number and wire type) of the trace messages.
 *
 * <p>The numbers come from the generated classes, so that they cannot drift from the protocol. A
 * field that arrives with another wire type has another tag and is therefore an unknown field, as
 * it is to protobuf-java.
 */
final class Tags {
  static final int VARINT = 0;
  static final int FIXED64 = 1;
  static final int BYTES = 2;
  static final int START_GROUP = 3;
  static final int END_GROUP = 4;
  static final int FIXED32 = 5;

  static final int REQUEST_RESOURCE_SPANS =
      ExportTraceServiceRequest.RESOURCE_SPANS_FIELD_NUMBER << 3 | BYTES;

  static final int RESOURCE_SPANS_RESOURCE = ResourceSpans.RESOURCE_FIELD_NUMBER << 3 | BYTES;
  static final int RESOURCE_SPANS_SCOPE_SPANS = ResourceSpans.SCOPE_SPANS_FIELD_NUMBER << 3 | BYTES;
  static final int RESOURCE_SPANS_SCHEMA_URL = ResourceSpans.SCHEMA_URL_FIELD_NUMBER << 3 | BYTES;

  static final int RESOURCE_ATTRIBUTES = Resource.ATTRIBUTES_FIELD_NUMBER << 3 | BYTES;
  static final int RESOURCE_DROPPED = Resource.DROPPED_ATTRIBUTES_COUNT_FIELD_NUMBER << 3 | VARINT;
  static final int RESOURCE_ENTITY_REFS = Resource.ENTITY_REFS_FIELD_NUMBER << 3 | BYTES;

  static final int ENTITY_SCHEMA_URL = EntityRef.SCHEMA_URL_FIELD_NUMBER << 3 | BYTES;
  static final int ENTITY_TYPE = EntityRef.TYPE_FIELD_NUMBER << 3 | BYTES;
  static final int ENTITY_ID_KEYS = EntityRef.ID_KEYS_FIELD_NUMBER << 3 | BYTES;
  static final int ENTITY_DESCRIPTION_KEYS = EntityRef.DESCRIPTION_KEYS_FIELD_NUMBER << 3 | BYTES;

  static final int SCOPE_SPANS_SCOPE = ScopeSpans.SCOPE_FIELD_NUMBER << 3 | BYTES;
  static final int SCOPE_SPANS_SPANS = ScopeSpans.SPANS_FIELD_NUMBER << 3 | BYTES;
  static final int SCOPE_SPANS_SCHEMA_URL = ScopeSpans.SCHEMA_URL_FIELD_NUMBER << 3 | BYTES;

  static final int SCOPE_NAME = InstrumentationScope.NAME_FIELD_NUMBER << 3 | BYTES;
  static final int SCOPE_VERSION = InstrumentationScope.VERSION_FIELD_NUMBER << 3 | BYTES;
  static final int SCOPE_ATTRIBUTES = InstrumentationScope.ATTRIBUTES_FIELD_NUMBER << 3 | BYTES;
  static final int SCOPE_DROPPED =
      InstrumentationScope.DROPPED_ATTRIBUTES_COUNT_FIELD_NUMBER << 3 | VARINT;

  static final int SPAN_TRACE_ID = Span.TRACE_ID_FIELD_NUMBER << 3 | BYTES;
  static final int SPAN_SPAN_ID = Span.SPAN_ID_FIELD_NUMBER << 3 | BYTES;
  static final int SPAN_TRACE_STATE = Span.TRACE_STATE_FIELD_NUMBER << 3 | BYTES;
  static final int SPAN_PARENT_SPAN_ID = Span.PARENT_SPAN_ID_FIELD_NUMBER << 3 | BYTES;
  static final int SPAN_FLAGS = Span.FLAGS_FIELD_NUMBER << 3 | FIXED32;
  static final int SPAN_NAME = Span.NAME_FIELD_NUMBER << 3 | BYTES;
  static final int SPAN_KIND = Span.KIND_FIELD_NUMBER << 3 | VARINT;
  static final int SPAN_START = Span.START_TIME_UNIX_NANO_FIELD_NUMBER << 3 | FIXED64;
  static final int SPAN_END = Span.END_TIME_UNIX_NANO_FIELD_NUMBER << 3 | FIXED64;
  static final int SPAN_ATTRIBUTES = Span.ATTRIBUTES_FIELD_NUMBER << 3 | BYTES;
  static final int SPAN_DROPPED_ATTRIBUTES =
      Span.DROPPED_ATTRIBUTES_COUNT_FIELD_NUMBER << 3 | VARINT;
  static final int SPAN_EVENTS = Span.EVENTS_FIELD_NUMBER << 3 | BYTES;
  static final int SPAN_DROPPED_EVENTS = Span.DROPPED_EVENTS_COUNT_FIELD_NUMBER << 3 | VARINT;
  static final int SPAN_LINKS = Span.LINKS_FIELD_NUMBER << 3 | BYTES;
  static final int SPAN_DROPPED_LINKS = Span.DROPPED_LINKS_COUNT_FIELD_NUMBER << 3 | VARINT;
  static final int SPAN_STATUS = Span.STATUS_FIELD_NUMBER << 3 | BYTES;

  static final int EVENT_TIME = Span.Event.TIME_UNIX_NANO_FIELD_NUMBER << 3 | FIXED64;
  static final int EVENT_NAME = Span.Event.NAME_FIELD_NUMBER << 3 | BYTES;
  static final int EVENT_ATTRIBUTES = Span.Event.ATTRIBUTES_FIELD_NUMBER << 3 | BYTES;
  static final int EVENT_DROPPED = Span.Event.DROPPED_ATTRIBUTES_COUNT_FIELD_NUMBER << 3 | VARINT;

  static final int LINK_TRACE_ID = Span.Link.TRACE_ID_FIELD_NUMBER << 3 | BYTES;
  static final int LINK_SPAN_ID = Span.Link.SPAN_ID_FIELD_NUMBER << 3 | BYTES;
  static final int LINK_TRACE_STATE = Span.Link.TRACE_STATE_FIELD_NUMBER << 3 | BYTES;
  static final int LINK_ATTRIBUTES = Span.Link.ATTRIBUTES_FIELD_NUMBER << 3 | BYTES;
  static final int LINK_DROPPED = Span.Link.DROPPED_ATTRIBUTES_COUNT_FIELD_NUMBER << 3 | VARINT;
  static final int LINK_FLAGS = Span.Link.FLAGS_FIELD_NUMBER << 3 | FIXED32;

  static final int STATUS_MESSAGE = Status.MESSAGE_FIELD_NUMBER << 3 | BYTES;
  static final int STATUS_CODE = Status.CODE_FIELD_NUMBER << 3 | VARINT;

  static final int KEY_VALUE_KEY = KeyValue.KEY_FIELD_NUMBER << 3 | BYTES;
  static final int KEY_VALUE_VALUE = KeyValue.VALUE_FIELD_NUMBER << 3 | BYTES;
  static final int KEY_VALUE_STRINDEX = KeyValue.KEY_STRINDEX_FIELD_NUMBER << 3 | VARINT;

  static final int ANY_STRING = AnyValue.STRING_VALUE_FIELD_NUMBER << 3 | BYTES;
  static final int ANY_BOOL = AnyValue.BOOL_VALUE_FIELD_NUMBER << 3 | VARINT;
  static final int ANY_INT = AnyValue.INT_VALUE_FIELD_NUMBER << 3 | VARINT;
  static final int ANY_DOUBLE = AnyValue.DOUBLE_VALUE_FIELD_NUMBER << 3 | FIXED64;
  static final int ANY_ARRAY = AnyValue.ARRAY_VALUE_FIELD_NUMBER << 3 | BYTES;
  static final int ANY_KVLIST = AnyValue.KVLIST_VALUE_FIELD_NUMBER << 3 | BYTES;
  static final int ANY_BYTES = AnyValue.BYTES_VALUE_FIELD_NUMBER << 3 | BYTES;
  static final int ANY_STRINDEX = AnyValue.STRING_VALUE_STRINDEX_FIELD_NUMBER << 3 | VARINT;

  static final int ARRAY_VALUES = ArrayValue.VALUES_FIELD_NUMBER << 3 | BYTES;
  static final int KVLIST_VALUES = KeyValueList.VALUES_FIELD_NUMBER << 3 | BYTES;

  private Tags() {}
}

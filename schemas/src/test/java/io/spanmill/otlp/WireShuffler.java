/*
 * SPDX-License-Identifier: Apache-2.0
 */
package io.spanmill.otlp;

import com.google.protobuf.ByteString;
import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.Descriptors.EnumValueDescriptor;
import com.google.protobuf.Descriptors.FieldDescriptor;
import com.google.protobuf.Message;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * Writes a message in a legal but unusual way: fields in any order, messages in several pieces,
 * scalars first with another value, varints longer than need be.
 */
final class WireShuffler {
  private final Random random;

  WireShuffler(long seed) {
    random = new Random(seed);
  }

  byte[] write(Message message) {
    // Pieces of one field keep their order, since it counts; fields are interleaved at random.
    List<List<byte[]>> queues = new ArrayList<>();
    for (Map.Entry<FieldDescriptor, Object> field : message.getAllFields().entrySet()) {
      List<byte[]> pieces = new ArrayList<>();
      FieldDescriptor descriptor = field.getKey();
      if (descriptor.isRepeated()) {
        for (Object each : (List<?>) field.getValue()) {
          pieces.add(piece(descriptor, each));
        }
      } else if (descriptor.getType() == FieldDescriptor.Type.MESSAGE && random.nextInt(6) == 0) {
        for (Message part : parts((Message) field.getValue())) {
          pieces.add(piece(descriptor, part));
        }
      } else {
        if (random.nextInt(10) == 0 && descriptor.getType() != FieldDescriptor.Type.MESSAGE) {
          pieces.add(piece(descriptor, descriptor.getDefaultValue()));
        }
        pieces.add(piece(descriptor, field.getValue()));
      }
      queues.add(pieces);
    }
    ByteString unknown = message.getUnknownFields().toByteString();
    if (!unknown.isEmpty()) {
      queues.add(new ArrayList<>(List.of(unknown.toByteArray())));
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    while (!queues.isEmpty()) {
      int index = random.nextInt(queues.size());
      List<byte[]> queue = queues.get(index);
      if (queue.isEmpty()) {
        queues.remove(index);
      } else {
        out.writeBytes(queue.remove(0));
      }
    }
    return out.toByteArray();
  }

  /** The message as two whose merge it is. */
  private List<Message> parts(Message message) {
    Message.Builder first = message.newBuilderForType();
    Message.Builder second = message.newBuilderForType();
    message
        .getAllFields()
        .forEach(
            (descriptor, value) -> {
              if (descriptor.isRepeated()) {
                List<?> all = (List<?>) value;
                int cut = random.nextInt(all.size() + 1);
                all.subList(0, cut).forEach(each -> first.addRepeatedField(descriptor, each));
                all.subList(cut, all.size())
                    .forEach(each -> second.addRepeatedField(descriptor, each));
              } else {
                (random.nextBoolean() ? first : second).setField(descriptor, value);
              }
            });
    second.setUnknownFields(message.getUnknownFields());
    return List.of(first.buildPartial(), second.buildPartial());
  }

  private byte[] piece(FieldDescriptor field, Object value) {
    try {
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      switch (field.getType()) {
        case MESSAGE -> delimited(out, field, write((Message) value));
        case STRING -> delimited(out, field, ByteString.copyFromUtf8((String) value).toByteArray());
        case BYTES -> delimited(out, field, ((ByteString) value).toByteArray());
        case BOOL -> number(out, field, (Boolean) value ? 1 : 0);
        case ENUM -> number(out, field, ((EnumValueDescriptor) value).getNumber());
        case INT32, INT64 -> number(out, field, ((Number) value).longValue());
        case UINT32 -> number(out, field, ((Integer) value) & 0xFFFFFFFFL);
        case FIXED32 -> out.writeFixed32(field.getNumber(), (Integer) value);
        case FIXED64 -> out.writeFixed64(field.getNumber(), (Long) value);
        case DOUBLE -> out.writeDouble(field.getNumber(), (Double) value);
        default -> throw new IllegalStateException("no such field in traces: " + field);
      }
      out.flush();
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void delimited(CodedOutputStream out, FieldDescriptor field, byte[] bytes)
      throws IOException {
    varint(out, (long) field.getNumber() << 3 | Tags.BYTES);
    varint(out, bytes.length);
    out.writeRawBytes(bytes);
  }

  private void number(CodedOutputStream out, FieldDescriptor field, long value) throws IOException {
    varint(out, (long) field.getNumber() << 3 | Tags.VARINT);
    varint(out, value);
  }

  /** Now and then with a needless last byte. */
  private void varint(CodedOutputStream out, long value) throws IOException {
    boolean longer = random.nextInt(10) == 0 && value >= 0;
    long rest = value;
    while ((rest & ~0x7FL) != 0 || longer) {
      longer = longer && (rest & ~0x7FL) != 0;
      out.write((byte) (rest | 0x80));
      rest >>>= 7;
      if (rest == 0 && !longer) {
        break;
      }
    }
    out.write((byte) rest);
  }
}

import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { encodeRecord, recordBytes, recordType, scanRecords } from './record.ts';

const marker = Buffer.from('0123456789abcdef', 'hex');
const datas = fc.array(fc.uint8Array({ maxLength: 100 }), { minLength: 1, maxLength: 8 });

function fileOf(parts: Uint8Array[]): Buffer {
  return Buffer.concat(
    parts.map((data, index) => encodeRecord(marker, recordType.call, index, Buffer.from(data))),
  );
}

test('records read back as they were written', () => {
  fc.assert(
    fc.property(datas, (parts) => {
      const found = [...scanRecords(fileOf(parts), marker)];
      assert.equal(found.length, parts.length);
      for (const [index, record] of found.entries()) {
        assert.ok('type' in record);
        assert.equal(record.id, index);
        assert.ok(record.data.equals(parts[index]!));
        assert.equal(record.bytes, recordBytes(parts[index]!.length));
      }
    }),
  );
});

test('a file cut anywhere gives every whole record, and at most one torn end', () => {
  fc.assert(
    fc.property(datas, fc.nat(), (parts, at) => {
      const file = fileOf(parts);
      const cut = file.subarray(0, at % file.length);
      const found = [...scanRecords(cut, marker)];
      const damage = found.filter((one) => !('type' in one));
      assert.ok(damage.length <= 1 && damage.every((one) => 'torn' in one && one.torn));
      const whole = found.filter((one) => 'type' in one);
      const end = whole.reduce((sum, { bytes }) => sum + bytes, 0);
      assert.equal(end + (damage[0]?.bytes ?? 0), cut.length);
    }),
  );
});

test('one changed byte costs one record, and every byte is accounted for', () => {
  fc.assert(
    fc.property(datas, fc.nat(), fc.integer({ min: 1, max: 255 }), (parts, at, change) => {
      const file = fileOf(parts);
      file[at % file.length]! ^= change;
      const found = [...scanRecords(file, marker)];
      assert.equal(found.filter((one) => 'type' in one).length, parts.length - 1);
      assert.equal(
        found.reduce((sum, { bytes }) => sum + bytes, 0),
        file.length,
      );
    }),
  );
});

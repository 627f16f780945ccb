#!/usr/bin/env python3
"""check_images.py sees what it is there for: test_check_images.py PROGRAM takes a good program and spoils it."""
import struct
import sys
import unittest

import check_images
import pe

VERSION = "1.0.0"


def with_flags(data, flags):
    (header,) = struct.unpack_from("<I", data, 0x3C)
    spoiled = bytearray(data)
    struct.pack_into("<H", spoiled, header + 24 + 70, flags)
    return bytes(spoiled)


class CheckImages(unittest.TestCase):
    def setUp(self):
        with open(program, "rb") as file:
            self.data = file.read()
        self.image = pe.Image(self.data)

    def faults(self, data):
        return "\n".join(check_images.program_faults(data, VERSION))

    def test_a_foreign_library_is_seen(self):
        spoiled = self.data.replace(b"KERNEL32.dll", b"winpthrd.dll")
        self.assertIn("imports winpthrd.dll", self.faults(spoiled))

    def test_each_missing_flag_is_seen(self):
        for flag, name in check_images.FLAGS.items():
            spoiled = with_flags(self.data, self.image.flags & ~flag)
            self.assertEqual(self.faults(spoiled), f"is not marked for {name}")

    def test_another_version_is_seen(self):
        faults = "\n".join(check_images.program_faults(self.data, "9.8.7"))
        self.assertIn("not 9.8.7", faults)
        self.assertIn("does not name the version 9.8.7", faults)

    def test_a_manifest_that_asks_for_more_rights_is_seen(self):
        spoiled = self.data.replace(b'level="asInvoker"', b'level="askedMore"')
        self.assertIn("askedMore for requestedExecutionLevel", self.faults(spoiled))

    def test_a_manifest_of_another_code_page_is_seen(self):
        self.assertIn("activeCodePage", self.faults(self.data.replace(b">UTF-8<", b">UTF-7<")))

    def test_a_library_as_large_as_the_limit_is_seen(self):
        for size in (0, check_images.CODE_MAX_BYTES):
            self.assertEqual(len(list(check_images.code_faults(size))), 1)
        self.assertEqual(list(check_images.code_faults(check_images.CODE_MAX_BYTES - 1)), [])

    def test_a_file_cut_short_is_malformed(self):
        for size in (0, 1, 63, 200, 1000):
            with self.assertRaises(pe.Malformed):
                list(check_images.program_faults(self.data[:size], VERSION))


if __name__ == "__main__":
    program = sys.argv.pop(1)
    unittest.main()

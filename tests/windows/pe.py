"""Reading Windows' executable files (PE32+) and archives of its object files, as far as the tests look at them."""
import struct

DYNAMIC_BASE, NX_COMPAT, HIGH_ENTROPY = 0x40, 0x100, 0x20
RT_VERSION, RT_MANIFEST = 16, 24
IMPORTS, RESOURCES, RELOCATIONS, DELAYED_IMPORTS = 1, 2, 5, 13  # data directories
DIRECTORY_BIT = 0x80000000
SECTION_HAS_CODE, SECTION_IS_COMDAT = 0x20, 0x1000


class Malformed(Exception):
    pass


def take(layout, data, offset):
    if offset < 0 or offset + struct.calcsize(layout) > len(data):
        raise Malformed(f"nothing at offset {offset:#x}")
    return struct.unpack_from(layout, data, offset)


def text_at(data, offset):
    end = data.find(b"\0", offset)
    if offset < 0 or end < 0:
        raise Malformed(f"no text at offset {offset:#x}")
    return data[offset:end].decode("ascii")


class Section:
    def __init__(self, data, offset):
        name, self.size, self.address, self.file_size, self.file_offset, self.flags = take(
            "<8sIIII12xI", data, offset
        )
        self.name = name.rstrip(b"\0").decode("ascii")

    def has_code(self):
        return bool(self.flags & SECTION_HAS_CODE)

    def is_comdat(self):
        """Of all that share a name, the linker keeps the first."""
        return bool(self.flags & SECTION_IS_COMDAT)


class Image:
    """A .exe or .dll of 64-bit Windows."""

    def __init__(self, data):
        self.data = data
        (magic,) = take("<2s", data, 0)
        (header,) = take("<I", data, 0x3C)
        signature, machine, count, optional_size = take("<4sHH12xH", data, header)
        if magic != b"MZ" or signature != b"PE\0\0" or machine != 0x8664:
            raise Malformed("no program of 64-bit Windows")
        optional = header + 24
        (kind,) = take("<H", data, optional)
        if kind != 0x20B:
            raise Malformed("no PE32+ header")
        (self.flags,) = take("<H", data, optional + 70)
        (directories,) = take("<I", data, optional + 108)
        self.directories = [take("<II", data, optional + 112 + 8 * i) for i in range(directories)]
        first = optional + optional_size
        self.sections = [Section(data, first + 40 * i) for i in range(count)]

    def offset(self, address):
        for section in self.sections:
            if section.address <= address < section.address + section.file_size:
                return address - section.address + section.file_offset
        raise Malformed(f"address {address:#x} is in no section")

    def directory(self, index):
        """(offset in the file, size), or None."""
        address, size = self.directories[index] if index < len(self.directories) else (0, 0)
        return (self.offset(address), size) if address else None

    def imports(self):
        """Names of the libraries that are loaded with the program or later, in lower case."""
        names = []
        for index, size, field in ((IMPORTS, 20, 12), (DELAYED_IMPORTS, 32, 4)):
            found = self.directory(index)
            at = found[0] if found else None
            while at is not None:
                (address,) = take("<I", self.data, at + field)
                if address == 0:
                    break
                names.append(text_at(self.data, self.offset(address)).lower())
                at += size
        return names

    def entries(self, base, at):
        """(id, place) of a resource folder; a name counts as id -1."""
        named, numbered = take("<HH", self.data, at + 12)
        for i in range(named + numbered):
            key, place = take("<II", self.data, at + 16 + 8 * i)
            yield (key if i >= named else -1), place

    def resource(self, kind):
        """The bytes of the first resource of this type, or None. Folders are type, name, language."""
        found = self.directory(RESOURCES)
        if found is None:
            return None
        base = found[0]
        for key, place in self.entries(base, base):
            if key != kind:
                continue
            while place & DIRECTORY_BIT:
                place = next(self.entries(base, base + (place & ~DIRECTORY_BIT)))[1]
            address, size = take("<II", self.data, base + place)
            start = self.offset(address)
            return self.data[start : start + size]
        return None

    def code_bytes(self):
        return sum(section.size for section in self.sections if section.has_code())


def archive_members(data):
    """The object files of a .a, without its index and its list of long names."""
    if data[:8] != b"!<arch>\n":
        raise Malformed("no archive")
    at = 8
    while at < len(data):
        name, size, end = take("<16s32x10s2s", data, at)
        if end != b"`\n":
            raise Malformed(f"no member at offset {at:#x}")
        size = int(size)
        if name.rstrip() not in (b"/", b"//"):
            yield data[at + 60 : at + 60 + size]
        at += 60 + size + size % 2


def object_sections(data):
    machine, count, optional_size = take("<HH12xH", data, 0)
    if machine != 0x8664:
        raise Malformed("no object file of 64-bit Windows")
    return [Section(data, 20 + optional_size + 40 * i) for i in range(count)]

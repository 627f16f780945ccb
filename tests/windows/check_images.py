#!/usr/bin/env python3
"""Checks the Windows files that are given to other people.

    check_images.py --version VERSION [--program EXE]... [--library DLL] [--archive A]

All: libraries of System32 only, ASLR with 64 bits of address, DEP, the version. Programs: the manifest. The client
library: how much code it brings into another program. Exit status 1 and a line for each fault.
"""
import argparse
import struct
import sys
import xml.etree.ElementTree

import pe

# Libraries that every Windows 10 has in System32, as far as this project has a use for them.
SYSTEM32 = {
    "advapi32.dll",
    "bcrypt.dll",
    "dbghelp.dll",
    "iphlpapi.dll",
    "kernel32.dll",
    "msvcrt.dll",
    "ntdll.dll",
    "ole32.dll",
    "psapi.dll",
    "shell32.dll",
    "user32.dll",
    "userenv.dll",
    "ws2_32.dll",
}
FLAGS = {pe.DYNAMIC_BASE: "ASLR", pe.HIGH_ENTROPY: "ASLR of 64 bits", pe.NX_COMPAT: "DEP"}
CODE_MAX_BYTES = 64 * 1024
FIXED_FILE_INFO = 0xFEEF04BD
SETTINGS = {
    "{urn:schemas-microsoft-com:asm.v3}requestedExecutionLevel": "asInvoker",
    "{http://schemas.microsoft.com/SMI/2019/WindowsSettings}activeCodePage": "UTF-8",
    "{http://schemas.microsoft.com/SMI/2016/WindowsSettings}longPathAware": "true",
}


def import_faults(image):
    names = image.imports()
    if not names:
        yield "imports nothing, which cannot be"
    for name in names:
        if name not in SYSTEM32:
            yield f"imports {name}, which is not one of System32's"


def flag_faults(image):
    for flag, name in FLAGS.items():
        if not image.flags & flag:
            yield f"is not marked for {name}"
    if image.directory(pe.RELOCATIONS) is None:
        yield "has no relocations, so that it cannot be moved"


def version_faults(image, version):
    resource = image.resource(pe.RT_VERSION)
    at = resource.find(struct.pack("<I", FIXED_FILE_INFO)) if resource else -1
    if at < 0:
        yield "has no version"
        return
    high, low = struct.unpack_from("<II", resource, at + 8)
    numbers = f"{high >> 16}.{high & 0xFFFF}.{low >> 16}"
    if numbers != version:
        yield f"has the version {numbers}, not {version}"
    if f"ProductVersion\0{version}\0".encode("utf-16-le") not in resource:
        yield f"does not name the version {version}"


def manifest_faults(image):
    resource = image.resource(pe.RT_MANIFEST)
    if resource is None:
        yield "has no manifest"
        return
    elements = {e.tag: e for e in xml.etree.ElementTree.fromstring(resource).iter()}
    for tag, wanted in SETTINGS.items():
        element = elements.get(tag)
        value = None if element is None else element.get("level", element.text)
        if value != wanted:
            yield f"its manifest says {value} for {tag.split('}')[1]}, not {wanted}"


def code_faults(size):
    if not 0 < size < CODE_MAX_BYTES:
        yield f"has {size} bytes of code; {CODE_MAX_BYTES} is the limit"


def program_faults(data, version):
    image = pe.Image(data)
    for faults in (import_faults(image), flag_faults(image), version_faults(image, version), manifest_faults(image)):
        yield from faults


def library_faults(data, version):
    image = pe.Image(data)
    for faults in (import_faults(image), flag_faults(image), version_faults(image, version)):
        yield from faults
    yield from code_faults(image.code_bytes())


def archive_faults(data, version):
    sections = [section for member in pe.archive_members(data) for section in pe.object_sections(member)]
    yield from code_faults(sum(section.file_size for section in sections if section.has_code()))
    if any(section.is_comdat() for section in sections):
        yield "has sections that another object's may take the place of, though names in them are hidden"


def check(path, find, version):
    with open(path, "rb") as file:
        data = file.read()
    try:
        faults = list(find(data, version))
    except (pe.Malformed, xml.etree.ElementTree.ParseError) as error:
        faults = [str(error)]
    for fault in faults:
        print(f"{path}: {fault}", file=sys.stderr)
    return not faults


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--version", required=True)
    kinds = {"program": program_faults, "library": library_faults, "archive": archive_faults}
    for kind in kinds:
        parser.add_argument(f"--{kind}", action="append", default=[])
    arguments = parser.parse_args()
    results = [
        check(path, find, arguments.version) for kind, find in kinds.items() for path in getattr(arguments, kind)
    ]
    print(f"{len(results)} files")
    return 0 if results and all(results) else 1


if __name__ == "__main__":
    sys.exit(main())

"""What of the program stays in memory: the order of its code, and what is given back after a start."""
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import kit  # noqa: E402
from case_process import start, status  # noqa: E402
from ka import Skip, case, wait  # noqa: E402
from opskit import ONE  # noqa: E402

EXECUTABLE = 0x4


def sections(path):
    """{name: (flags, size)} of an ELF file, and what its linker and compilers say of themselves."""
    with open(path, "rb") as f:
        data = f.read()
    if data[:5] != b"\x7fELF\x02":
        raise Skip("%s is no ELF file of 64 bits" % path)
    order = "<" if data[5] == 1 else ">"
    table, = struct.unpack_from(order + "Q", data, 0x28)
    size, count, names = struct.unpack_from(order + "3H", data, 0x3A)
    rows = [struct.unpack_from(order + "IIQQQQ", data, table + n * size) for n in range(count)]
    text = lambda at: data[at:data.index(b"\0", at)].decode()
    found = {text(rows[names][4] + row[0]): (row[2], row[5]) for row in rows}
    comment = [row for row in rows if text(rows[names][4] + row[0]) == ".comment"]
    return found, b" ".join(data[row[4]:row[4] + row[5]] for row in comment).decode(errors="replace")


@case("defects")
def code_that_waiting_needs_lies_together(lab):
    """The linker has put what runs between two adverts in one place (scripts/link), a small part of the program."""
    path = os.path.realpath(kit.ours())
    if "/debug/" in path:
        raise Skip("only a release build has the order")
    found, comment = sections(path)
    if "mold" in comment:
        raise Skip("mold takes no such script")
    assert ".text.steady" in found, sorted(found)
    flags, steady = found[".text.steady"]
    _, rest = found[".text"]
    assert flags & EXECUTABLE, flags
    # Less would mean that the names of the script fit no more, more that they fit everything.
    assert 32 * 1024 < steady < rest / 4, "%d octets of %d" % (steady, steady + rest)


@case("defects")
def code_of_the_start_is_given_back(lab):
    """Some time after the start the VRRP process has given back the code and constants that only the start needed."""
    (r1,) = lab.pair(["r1"])
    d, pids = start(r1, ONE)
    wait(lambda: "Entering MASTER" in d.log(), 10, "a master")
    resident = lambda: int(status(pids["vrrp"], "RssFile").split()[0])
    most = [resident()]

    def is_lower():
        most.append(resident())
        return most[-1] < 0.75 * max(most)
    wait(is_lower, 30, "less of the program in memory than %s kB" % max(most))
    assert d.stop() == 0

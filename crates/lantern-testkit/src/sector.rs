//! The smallest guest: 512 bytes that a PC's firmware starts from a disk or a CD.
//!
//! It says which medium it came from on the first serial port (`BOOT:` and its name), echoes what is
//! typed there, and heeds a few keys: `o` switches off by ACPI, `r` resets, `p` panics as a kernel
//! with `pvpanic` does. The power button switches it off, if it is one that obeys; a diagnostic
//! interrupt makes it say `NMI`. It takes what q35's chipset has where SeaBIOS puts it.

use std::path::Path;

/// ```text
///         cli                             ; ds, ss = 0; sp = 7c00; cs = 0
///         IVT[2] = nmi
///         print text
///         outw 0100 to 0602               ; PM1 enable: the power button
/// again:  sti; hlt                        ; the timer wakes it
///         inw 0600; if bit 8:             ; PM1 status: the power button was pressed
///             outw 0100 to 0600; print "BUTTON"; if obeys: goto off
/// key:    inb 03fd; unless bit 0: goto again
///         inb 03f8
///         'o': off    outw 2000 to 0604   ; PM1 control: sleep, S5
///         'r': reset  outb fe to 64; hlt
///         'p': panic  outb 1 to 0505
///         else outb it to 03f8; goto key
/// nmi:    print "NMI"; iret
/// ```
const CODE: &[u8] = &[
    0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xd0, 0xbc, 0x00, 0x7c, 0xea, 0x0f, 0x7c, 0x00, 0x00, 0xc7,
    0x06, 0x08, 0x00, 0x77, 0x7c, 0xc7, 0x06, 0x0a, 0x00, 0x00, 0x00, 0xbe, 0x9d, 0x7c, 0xe8, 0x5f,
    0x00, 0xba, 0x02, 0x06, 0xb8, 0x00, 0x01, 0xef, 0xfb, 0xf4, 0xba, 0x00, 0x06, 0xed, 0xf6, 0xc4,
    0x01, 0x74, 0x11, 0xb8, 0x00, 0x01, 0xef, 0xbe, 0x93, 0x7c, 0xe8, 0x43, 0x00, 0x80, 0x3e, 0x9c,
    0x7c, 0x00, 0x75, 0x1b, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74, 0xdc, 0xba, 0xf8, 0x03, 0xec,
    0x3c, 0x6f, 0x74, 0x0b, 0x3c, 0x72, 0x74, 0x10, 0x3c, 0x70, 0x74, 0x13, 0xee, 0xeb, 0xe5, 0xba,
    0x04, 0x06, 0xb8, 0x00, 0x20, 0xef, 0xeb, 0xc0, 0xb0, 0xfe, 0xe6, 0x64, 0xf4, 0xeb, 0xfd, 0xba,
    0x05, 0x05, 0xb0, 0x01, 0xee, 0xeb, 0xcd, 0x60, 0xbe, 0x8d, 0x7c, 0xe8, 0x02, 0x00, 0x61, 0xcf,
    0xfc, 0xac, 0x84, 0xc0, 0x74, 0x06, 0xba, 0xf8, 0x03, 0xee, 0xeb, 0xf5, 0xc3, 0x4e, 0x4d, 0x49,
    0x0d, 0x0a, 0x00, 0x42, 0x55, 0x54, 0x54, 0x4f, 0x4e, 0x0d, 0x0a, 0x00,
];

/// The boot sector. `obeys` says whether the power button switches it off.
#[must_use]
pub fn sector(name: &str, obeys: bool) -> Vec<u8> {
    let mut sector = CODE.to_vec();
    sector.push(u8::from(obeys));
    sector.extend_from_slice(format!("BOOT:{name}\r\n\0").as_bytes());
    assert!(sector.len() <= 510, "the name is too long");
    sector.resize(510, 0);
    sector.extend_from_slice(&[0x55, 0xaa]);
    sector
}

/// Writes a disk that starts with it.
///
/// # Panics
/// If it cannot be written.
pub fn write_disk(path: &Path, sector: &[u8]) {
    let mut disk = sector.to_vec();
    disk.resize(1 << 20, 0);
    std::fs::write(path, disk).unwrap();
}

/// Writes a CD that starts with it, by El Torito, without emulation of a floppy.
///
/// # Panics
/// If it cannot be written.
pub fn write_cd(path: &Path, sector: &[u8]) {
    const BLOCK: usize = 2048;
    const CATALOG: u8 = 19;
    const IMAGE: u8 = 20;
    let mut cd = vec![0; 24 * BLOCK];
    let mut put = |block: usize, at: usize, bytes: &[u8]| {
        let start = block * BLOCK + at;
        cd[start..start + bytes.len()].copy_from_slice(bytes);
    };
    // Volume descriptors: a primary one, the boot record, the end.
    put(16, 0, b"\x01CD001\x01");
    put(17, 0, b"\x00CD001\x01EL TORITO SPECIFICATION");
    put(17, 0x47, &[CATALOG]);
    put(18, 0, b"\xffCD001\x01");
    // The catalog: a validation entry whose words add up to 0, and the default entry: four sectors.
    put(usize::from(CATALOG), 0, &[1]);
    put(usize::from(CATALOG), 28, &[0xaa, 0x55, 0x55, 0xaa]);
    put(usize::from(CATALOG), 32, &[0x88, 0, 0, 0, 0, 0, 4, 0, IMAGE]);
    put(usize::from(IMAGE), 0, sector);
    std::fs::write(path, cd).unwrap();
}

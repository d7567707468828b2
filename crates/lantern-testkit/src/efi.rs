//! The smallest guest that starts by EFI: a program of a thousand bytes, for OVMF.
//!
//! What [`sector`](crate::sector) is to a PC's firmware: it says from what it came on the first serial
//! port (`BOOT:` and its name), echoes what is typed there, and heeds `o` (off, by ACPI), `r` (reset) and
//! the power button. It calls nothing of the firmware's, and takes q35's chipset where OVMF puts it.

use std::path::Path;

/// ```text
///         cli; print text                 ; the firmware would read the keys
///         outw 0100 to 0602               ; PM1 enable: the power button
/// again:  pause; inw 0600; if bit 8:      ; PM1 status: the power button was pressed
///             outw 0100 to 0600; print "BUTTON"; goto off
/// key:    inb 03fd; unless bit 0: goto again
///         inb 03f8
///         'o': off    outw 2000 to 0604   ; PM1 control: sleep, S5
///         'r': reset  outb fe to 64; hlt
///         else outb it to 03f8; goto key
/// ```
const CODE: &[u8] = &[
    0xfa, 0x48, 0x8d, 0x35, 0x73, 0x00, 0x00, 0x00, 0xe8, 0x57, 0x00, 0x00, 0x00, 0x66, 0xba, 0x02,
    0x06, 0x66, 0xb8, 0x00, 0x01, 0x66, 0xef, 0xf3, 0x90, 0x66, 0xba, 0x00, 0x06, 0x66, 0xed, 0xf6,
    0xc4, 0x01, 0x74, 0x14, 0x66, 0xb8, 0x00, 0x01, 0x66, 0xef, 0x48, 0x8d, 0x35, 0x41, 0x00, 0x00,
    0x00, 0xe8, 0x2e, 0x00, 0x00, 0x00, 0xeb, 0x19, 0x66, 0xba, 0xfd, 0x03, 0xec, 0xa8, 0x01, 0x74,
    0xd6, 0x66, 0xba, 0xf8, 0x03, 0xec, 0x3c, 0x6f, 0x74, 0x07, 0x3c, 0x72, 0x74, 0x0f, 0xee, 0xeb,
    0xe7, 0x66, 0xba, 0x04, 0x06, 0x66, 0xb8, 0x00, 0x20, 0x66, 0xef, 0xeb, 0xba, 0xb0, 0xfe, 0xe6,
    0x64, 0xf4, 0xeb, 0xf9, 0xfc, 0xac, 0x84, 0xc0, 0x74, 0x07, 0x66, 0xba, 0xf8, 0x03, 0xee, 0xeb,
    0xf4, 0xc3, 0x42, 0x55, 0x54, 0x54, 0x4f, 0x4e, 0x0d, 0x0a, 0x00,
];

/// Where the one section is, in the file and in memory; headers come before.
const IN_FILE: usize = 0x200;
const IN_MEMORY: u32 = 0x1000;

/// The program: a PE image for x86-64 that may be anywhere in memory.
///
/// # Panics
/// If the name is too long.
#[must_use]
pub fn program(name: &str) -> Vec<u8> {
    let mut code = CODE.to_vec();
    code.extend_from_slice(format!("BOOT:{name}\r\n\0").as_bytes());
    assert!(code.len() <= IN_FILE, "the name is too long");
    let length = u32::try_from(code.len()).unwrap();
    code.resize(IN_FILE, 0);
    let mut image = headers(length);
    image.resize(IN_FILE, 0);
    image.extend_from_slice(&code);
    image
}

fn headers(length: u32) -> Vec<u8> {
    let size = u32::try_from(IN_FILE).unwrap();
    let mut image = b"MZ".to_vec();
    image.resize(60, 0);
    let mut put = |bytes: &[u8]| image.extend_from_slice(bytes);
    // Where the PE header is: here.
    put(&64u32.to_le_bytes());
    // For x86-64, one section, an optional header of 240 bytes; it can be run.
    put(b"PE\0\0");
    put(&[0x64, 0x86, 1, 0]);
    put(&[0; 12]);
    put(&[240, 0, 0x22, 0]);
    // Sizes of code and data, where it begins, where code is.
    put(&[0x0b, 0x02, 0, 0]);
    for word in [size, 0, 0, IN_MEMORY, IN_MEMORY] {
        put(&word.to_le_bytes());
    }
    // Its address, which does not matter; alignment in memory and in the file; versions.
    put(&0u64.to_le_bytes());
    put(&IN_MEMORY.to_le_bytes());
    put(&size.to_le_bytes());
    put(&[0; 16]);
    // Size in memory and of the headers, checksum; an EFI application; stack and heap; 16 directories,
    // all of them empty.
    for word in [2 * IN_MEMORY, size, 0, 10] {
        put(&word.to_le_bytes());
    }
    put(&[0; 32]);
    for word in [0, 16] {
        put(&u32::to_le_bytes(word));
    }
    put(&[0; 128]);
    // The section, which is code and may be read and written.
    put(b".text\0\0\0");
    for word in [length, IN_MEMORY, size, size, 0, 0, 0, 0xe000_0020] {
        put(&word.to_le_bytes());
    }
    image
}

/// Makes `directory` what QEMU shows as a disk (`file=fat:…`) from which firmware starts it.
///
/// # Panics
/// If it cannot be written.
pub fn write_system_partition(directory: &Path, program: &[u8]) {
    let place = directory.join("EFI").join("BOOT");
    std::fs::create_dir_all(&place).unwrap();
    std::fs::write(place.join("BOOTX64.EFI"), program).unwrap();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_headers_are_as_long_as_they_say() {
        let headers = headers(1);
        // DOS header, signature and file header, optional header, one section.
        assert_eq!(headers.len(), 64 + 24 + 240 + 40);
        assert_eq!(&headers[64..68], b"PE\0\0");
        assert_eq!(&headers[64 + 24..64 + 26], &[0x0b, 0x02]);
        assert_eq!(headers[64 + 24 + 68], 10, "subsystem: EFI application");
        assert_eq!(program("x").len(), 0x400);
    }
}

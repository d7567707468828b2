//! What the simulated BMC keeps: sensors of which QEMU reads twenty, more that nobody can read, and
//! inventory.

use ipmi_wire::fru::{Fru, Product};

/// QEMU has no more.
const READABLE: u8 = 20;
/// Sensors in all.
const ALL: u8 = 60;

/// The records, one behind the other, as QEMU's `sdrfile` has them.
pub(crate) fn sdrs() -> Vec<u8> {
    let mut all = Vec::new();
    let mut add = |body: &[u8], kind: u8| {
        let length = u8::try_from(body.len()).unwrap();
        // The ID is the simulator's to give.
        all.extend([0, 0, 0x51, kind, length]);
        all.extend(body);
    };
    for number in 1..=READABLE {
        let name = format!("Slot {number}");
        add(&compact(number, &name), 0x02);
    }
    for number in READABLE + 1..=ALL {
        let name = format!("Temp {number}");
        add(&full(number, &name), 0x01);
    }
    // The controller itself, and its inventory.
    let name = b"BMC";
    add(&[&[0x20, 0, 0, 0xbf, 0, 0, 0, 0x2e, 1, 0, 0xc0 | 3], &name[..]].concat(), 0x12);
    let name = b"Board";
    add(&[&[0x20, 0, 0x80, 0, 0, 0x10, 0, 7, 1, 0, 0xc0 | 5], &name[..]].concat(), 0x11);
    all
}

/// A discrete sensor: whether something is in a slot. IPMI v2.0 §43.2, from the sixth byte on.
fn compact(number: u8, name: &str) -> Vec<u8> {
    let fixed = [
        0x20, 0, number, 0x0b, number, 0x63, 0x40, 0x25, 0x6f, 3, 0, 3, 0, 3, 0, 0xc0, 0, 0, 1, 0,
        0, 0, 0, 0, 0, 0,
    ];
    let length = 0xc0 | u8::try_from(name.len()).unwrap();
    [&fixed[..], &[length], name.as_bytes()].concat()
}

/// An analogue sensor in degrees, with thresholds. IPMI v2.0 §43.1, from the sixth byte on.
fn full(number: u8, name: &str) -> Vec<u8> {
    let fixed = [
        0x20, 0, number, 0x03, number, 0x7f, 0x68, 0x01, 0x01, 0x85, 0x72, 0x85, 0x72, 0x3f, 0x3f,
        0x80, 1, 0, 0, 1, 0, 0, 0, 0, 0, 7, 30, 80, 0, 127, 128, 95, 90, 85, 0, 5, 10, 2, 2, 0, 0,
        0,
    ];
    let length = 0xc0 | u8::try_from(name.len()).unwrap();
    [&fixed[..], &[length], name.as_bytes()].concat()
}

/// Inventory.
pub(crate) fn fru() -> Vec<u8> {
    let mut fru = Fru::new();
    let product = Product::new().with(Product::ASSET_TAG, "rack 12").unwrap();
    fru.product = Some(product);
    fru.encode(Some(2048)).unwrap().to_vec()
}

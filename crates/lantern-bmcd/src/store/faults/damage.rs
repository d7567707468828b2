//! Files that something else than a cut of power has been at.

use super::load::{Dice, Load, apply};
use super::tape::Tape;
use crate::store::error::Fault;
use crate::store::medium::{Disk, Image, Medium};
use crate::store::vault::{Values, Vault};

/// A file after some commits, ended in order or not, and what was in it after each.
fn file(in_order: bool) -> (Vec<u8>, Vec<Values>) {
    let tape = Tape::default();
    let mut load = Load::new(9);
    let mut states = vec![Values::new()];
    let vault = Vault::create(Disk::new(Box::new(tape.clone())), &states[0]).unwrap();
    for _ in 0..30 {
        let mut values = states.last().unwrap().clone();
        let batch = load.batch(&values);
        vault.commit(&batch).unwrap();
        apply(&mut values, &batch);
        states.push(values);
    }
    if in_order {
        vault.close().unwrap();
    } else {
        tape.taken_over();
    }
    let mut bytes = vec![0; usize::try_from(tape.len().unwrap()).unwrap()];
    tape.read(0, &mut bytes).unwrap();
    (bytes, states)
}

/// What comes of a file with these bytes.
fn open(bytes: Vec<u8>) -> Result<Values, Fault> {
    Vault::open(Disk::new(Box::new(Image::new(bytes))))?.values()
}

#[test]
fn a_file_cut_short_is_damaged() {
    for in_order in [true, false] {
        let (bytes, states) = file(in_order);
        assert_eq!(open(bytes.clone()).unwrap(), states[30]);
        for length in (0..bytes.len()).step_by(512).chain([1, 63, 64, 319, 320, 321]) {
            match open(bytes[..length].to_vec()) {
                Err(Fault::Damaged(_)) => {}
                // Only free space was lost, or what was not acknowledged.
                Ok(values) => assert!(values == states[30], "{in_order}, {length}"),
                Err(fault) => panic!("{in_order}, {length}: {fault:?}"),
            }
        }
    }
}

#[test]
fn a_changed_byte_is_noticed_or_was_of_no_use() {
    let mut dice = Dice::new(3);
    let mut noticed = 0;
    for in_order in [true, false] {
        let (bytes, states) = file(in_order);
        let anywhere: Vec<_> = (0..1500).map(|_| dice.below(bytes.len())).collect();
        for at in (0..320).chain(anywhere) {
            let mut changed = bytes.clone();
            changed[at] ^= 1 << dice.below(8);
            match open(changed) {
                Err(Fault::Damaged(_)) => noticed += 1,
                // Of its two newest states redb takes the older one if the newer is not whole, as
                // after a cut of power.
                Ok(values) => assert!(states[29..].contains(&values), "{in_order}, {at}"),
                Err(fault) => panic!("{in_order}, {at}: {fault:?}"),
            }
        }
    }
    assert!(noticed > 100, "{noticed}");
}

#[test]
fn a_file_of_another_kind_is_damaged() {
    for bytes in [vec![], vec![0], vec![0; 4096], vec![0xff; 100_000], b"version = 1\n".to_vec()] {
        assert!(matches!(open(bytes), Err(Fault::Damaged(_))));
    }
    // Somebody else's database.
    let image = Tape::default();
    redb::Database::builder().create_with_backend(Disk::new(Box::new(image.clone()))).unwrap();
    let mut bytes = vec![0; usize::try_from(image.len().unwrap()).unwrap()];
    image.read(0, &mut bytes).unwrap();
    let fault = open(bytes).unwrap_err();
    assert!(matches!(&fault, Fault::Damaged(what) if what.contains("not a BMC's")), "{fault:?}");
}

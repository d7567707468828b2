//! `fru`.

use std::fs;

use crate::pair::Pair;

/// What shows a device's text, as the real one reads it.
const READS: &[&str] = &["fru print 0", "-v fru print 0"];

fn tells_devices_alike(pair: &Pair) {
    for line in [
        "fru",
        "fru print",
        "fru list",
        "-v fru",
        "-v fru print",
        "-c fru",
        "fru print 0",
        "fru list 0",
        "fru print 0x0",
        "-v fru print 0",
        "fru print 0 -Z",
        "fru print 1",
        "-v fru print 1",
        "fru print 2",
        "-v fru print 2",
        "fru print 3",
        "-v fru print 3",
        "-v fru print 4",
        "-v fru print 5",
        "fru print 200",
        "fru print 0 extra",
    ] {
        pair.same(line);
    }
}

#[test]
fn devices_are_told_alike() {
    let Some(pair) = Pair::reference() else { return };
    tells_devices_alike(&pair);
}

#[test]
fn devices_of_specimens_are_told_alike() {
    let Some(pair) = Pair::specimens() else { return };
    tells_devices_alike(&pair);
}

#[test]
fn devices_of_the_simulator_are_told_alike() {
    let Some(pair) = Pair::simulators() else { return };
    for line in ["fru print 0", "-v fru print 0", "fru print 1", "fru list 2", "-v fru print"] {
        pair.same(line);
    }
}

#[test]
fn fru_words_that_are_wrong() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "fru help",
        "fru bogus",
        "fru print help",
        "fru print bogus",
        "fru print 256",
        "fru read",
        "fru read help",
        "fru read 0",
        "fru read bogus /nowhere/at/all",
        "fru write",
        "fru write help",
        "fru write 0",
        "fru write bogus /nowhere/at/all",
        "fru upgEkey",
        "fru upgEkey help",
        "fru upgEkey 0",
        "fru upgEkey bogus /nowhere/at/all",
        "fru edit",
        "fru edit help",
        "fru edit bogus",
        "fru edit 0 bogus",
        "fru edit 0 field",
        "fru edit 0 field b 0",
        "fru edit 0 field b 0 two words",
        "fru edit 0 field x 0 word",
        "-v fru edit 0 field x 0 word",
        "fru edit 200 field b 0 word",
        "fru edit 0 field b 9 word",
        "fru internaluse",
        "fru internaluse help",
        "fru internaluse 0",
        "fru internaluse 0 bogus",
        "fru internaluse bogus info",
        "fru internaluse 200 info",
        "fru internaluse 200 print",
        "fru internaluse 0 read",
        "fru internaluse 0 write",
        "fru internaluse 200 read /nowhere/at/all",
        "fru get",
        "fru get help",
        "fru get bogus",
        "fru get 0 bogus",
        "-v fru get 0 bogus",
        "fru get 200 oem 343 0",
    ] {
        pair.same(line);
    }
    pair.same_error("fru print bogus", "FRU ID 'bogus' is either invalid or out of range.");
}

#[test]
fn images_go_both_ways() {
    let Some(pair) = Pair::reference() else { return };
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    for options in [&[][..], &["-v"]] {
        let read = |path| [options, &["fru", "read", "0", path]].concat();
        // The file's name is part of what is said.
        let file = path("image");
        let theirs = pair.theirs(&read(&file));
        let image = fs::read(&file).unwrap();
        fs::remove_file(&file).unwrap();
        let ours = pair.ours(&read(&file));
        assert_eq!((&ours.stdout, ours.code()), (&theirs.stdout, theirs.code()));
        assert_eq!(fs::read(&file).unwrap(), image);
    }
    let mut image = fs::read(path("image")).unwrap();
    let place = image.windows(4).position(|bytes| bytes.is_ascii() && bytes[0] > 0x60).unwrap();
    image[place] = b'Q';
    fs::write(path("changed"), &image).unwrap();
    pair.same_words(&["fru", "write", "0", &path("changed")]);
    pair.same("fru print 0");
    pair.same_words(&["-v", "fru", "write", "0", &path("image")]);
    for read in READS {
        pair.same(read);
    }
    fs::write(path("empty"), "").unwrap();
    pair.same_words(&["fru", "write", "0", &path("empty")]);
}

#[test]
fn fields_are_edited_alike() {
    // Without multirecords, the original lets the header point somewhere when an area grows by eight bytes
    // or more: so once for each pair of these.
    for line in [
        "fru edit 0 field b 2 SERIAL-OF-A-BOARD",
        "fru edit 0 field p 4 S",
        "-v fru edit 0 field c 1 A-longer-serial-number-of-a-chassis",
    ] {
        let Some(pair) = Pair::reference() else { return };
        pair.same_change(line, &["fru print 0"]);
    }
    let Some(pair) = Pair::specimens() else { return };
    for line in [
        "fru edit 0 field b 0 X",
        "fru edit 0 field b 2 SERIAL-OF-A-BOARD",
        "fru edit 0 field p 1 Product",
        "fru edit 0 field p 4 S",
        "fru edit 0 field p 4 T",
        "-v fru edit 0 field c 1 A-longer-serial-number-of-a-chassis",
        "fru edit 0 field c 0 PN",
        "fru edit 0 field b 1 B0",
        "fru edit 0 field b 1 A-board-whose-name-needs-some-blocks-more",
        "fru edit 0 field b 1 B1",
    ] {
        pair.same_change(line, READS);
    }
    pair.same_words(&["fru", "edit", "0", "field", "p", "0", "With blanks in it"]);
    pair.same("fru print 0");
}

#[test]
fn the_internal_area_is_told_alike() {
    for pair in [Pair::reference(), Pair::specimens()].into_iter().flatten() {
        for line in [
            "fru internaluse 0 info",
            "fru internaluse 0 print",
            "fru internaluse 0x0 info",
            "fru get 0",
            "fru get 0 oem 999999 0",
        ] {
            pair.same(line);
        }
    }
}

//! `sel`.

use std::fs;

use crate::pair::Pair;

/// Events with all that there is to be told of them, as `sel add` reads them.
const EVENTS: &str = "
# thresholds
0x04 0x01 0x30 0x01 0x59 0x65 0x64
0x04 0x01 0x30 0x81 0x59 0x60 0x64 # gone
0x04 0x02 0x10 0x01 0x52 0x20 0x22
0x04 0x04 0x40 0x01 0x00 0xff 0xff
0x04 0x0c 0x00 0x6f 0x20 0xff 0x12
0x04 0x0c 0x53 0x6f 0xa0 0x01 0x02
0x04 0x0f 0x06 0x6f 0xc2 0x01 0xff
0x04 0x0f 0x06 0x6f 0xc0 0x0d 0xff
0x04 0x07 0x60 0xef 0x07 0xff 0xff
0x04 0x08 0x61 0x6f 0x46 0x01 0xff
0x04 0x09 0x01 0x0b 0x01 0xff 0xff
0x04 0x12 0x83 0x6f 0x05 0x00 0xff
0x04 0x23 0x20 0x6f 0xc1 0x04 0xff
0x04 0x2b 0x21 0x6f 0xc1 0x02 0xff
0x04 0x2d 0x22 0x6f 0x00 0xff 0xff
0x04 0xc1 0x25 0x6f 0xa1 0x01 0x02
0x04 0xf0 0x26 0x6f 0xa4 0x03 0x00
0x04 0x05 0x27 0x70 0x00 0xff 0xff
0x04 0x05 0x27 0x7f 0x00 0xff 0xff
0x04 0x14 0x28 0x03 0x01 0xff 0xff
4 20 41 111 0 255 255
not an event
0x04 0x01 0x30
";

/// A sample of the log's forms on both.
fn tells_the_log_alike(pair: &Pair) {
    for line in [
        "sel",
        "sel info",
        "-c sel info",
        "sel list",
        "sel elist",
        "-c sel list",
        "-c sel elist",
        "-v sel list",
        "-v sel elist",
        "-v -c sel elist",
        "sel list 2",
        "sel list first 3",
        "sel list last 2",
        "sel list last 1000",
        "sel list last 0",
        "sel list 0",
        "sel list 0x2",
        "sel elist first 1",
        "sel elist last 4",
        "-c sel elist last 4",
        "sel list -Z",
        "sel elist last 2 -Z",
        "sel list extra words here",
        "sel info extra",
        "sel get 1",
        "sel get 1 2 0x3 4 bogus 5",
        "-v sel get 2 3",
        "-c sel get 1 6 7",
        "sel get 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30",
        "sel get 0 0xffff",
        "sel get 99",
        "sel get 0xfffe",
        "sel time get",
        "sel time get -Z",
    ] {
        pair.same(line);
    }
}

/// Adds events to both logs, and one with each kind of OEM's records.
fn add_events(pair: &Pair) {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("events");
    fs::write(&file, EVENTS).unwrap();
    let file = file.to_str().unwrap();
    pair.same_words(&["sel", "add", file]);
    for line in [
        // Of OEMs: with a time, without one, a panic, and an event of a type that nobody has.
        "raw 0x0a 0x44 0 0 0xc1 0 0 0 0 0x57 0x01 0x00 0x41 0x42 0x43 0x01 0x02 0x7f",
        "raw 0x0a 0x44 0 0 0xdf 0 0 0 0 0x57 0x01 0x00 1 2 3 4 5 6",
        "raw 0x0a 0x44 0 0 0xe0 0x41 0x42 0x43 0x44 0x30 0x31 7 8 9 10 11 12 13",
        "raw 0x0a 0x44 0 0 0xf0 0x4f 0x6f 0x70 0x73 0x3a 0x20 0x64 0x65 0x61 0x64 0 0 0",
        "raw 0x0a 0x44 0 0 0x02 0 0 0 0 0x41 0 3 0x01 0x30 0x01 0x57 0x40 0x41",
    ] {
        pair.same(line);
    }
}

#[test]
fn the_log_is_told_in_all_forms() {
    let Some(pair) = Pair::reference() else { return };
    tells_the_log_alike(&pair);
    add_events(&pair);
    tells_the_log_alike(&pair);
}

#[test]
fn with_specimens_of_all_sensors() {
    let Some(pair) = Pair::specimens() else { return };
    add_events(&pair);
    tells_the_log_alike(&pair);
}

#[test]
fn with_the_simulators_log() {
    let Some(pair) = Pair::simulators() else { return };
    // The simulator's clock runs, and is not the same for both.
    for line in ["sel list 3", "sel elist", "sel time get bogus", "sel delete 1", "sel get 1"] {
        pair.same(line);
    }
}

#[test]
fn sel_words_that_are_wrong() {
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "sel help",
        "sel bogus",
        "sel list bogus",
        "sel list last",
        "sel list first",
        "sel list first bogus",
        "sel list middle 3",
        "sel elist 1x",
        "sel delete",
        "sel delete help",
        "sel delete bogus",
        "sel delete 0xffff0",
        "sel get",
        "sel get help",
        "sel get bogus",
        "sel time",
        "sel time help",
        "sel time bogus",
        "sel time set",
        "sel time set bogus",
        "sel time set 11/28/2026",
        "sel save",
        "sel add",
        "sel add /nowhere/at/all",
        "sel writeraw",
        "sel readraw",
        "sel readraw /nowhere/at/all",
        "sel ereadraw",
        "sel interpret",
        "sel interpret 15000 /nowhere/at/all",
        "sel interpret 15000 /nowhere/at/all pps",
        "sel interpret bogus /nowhere/at/all pps",
        "sel interpret 15000 /nowhere/at/all other",
        "-L USER sel clear",
        "-L USER sel time set now",
    ] {
        pair.same(line);
    }
    pair.same_error("sel bogus", "Invalid SEL command: bogus");
    pair.same_error("sel delete 0x7777", "Unable to delete entry 30583");
    pair.same_error("sel get 0x7777", "Get SEL Entry 7777 command failed");
    pair.same_error("sel list bogus", "Numeric argument required; got 'bogus'");
}

#[test]
fn the_log_is_changed_alike() {
    let Some(pair) = Pair::reference() else { return };
    let reads = &["sel list", "sel info"];
    add_events(&pair);
    pair.same_change("sel delete 2", reads);
    pair.same_change("sel delete 3 0x4", reads);
    pair.same_change("sel delete 2", reads);
    pair.same_change("sel delete 5 bogus 6", reads);
    pair.same_change("-c sel delete 7", reads);
    pair.same_change("sel delete 0xffff", reads);
    pair.same_change("sel delete 0", reads);
    pair.same_change("sel clear", reads);
    pair.same_error("sel list", "SEL has no entries");
    pair.same_error("sel elist last 3", "SEL has no entries");
    pair.same("sel save /nowhere/at/all");
    pair.same_change("sel clear now", reads);
    for time in ["03/01/27 12:34:56", "2/31/27 1:2:3", "12/31/99 23:59:59", "12/31/69 23:59:59 x"] {
        pair.same_words(&["sel", "time", "set", time]);
        pair.same("sel time get");
        pair.same_words(&["-Z", "sel", "time", "set", time]);
        pair.same("sel time get");
    }
    pair.same_words(&["sel", "time", "set", "11/28/2026 21:46:40"]);
    pair.same("sel time get");
}

#[test]
fn files_of_events_are_the_same() {
    let Some(pair) = Pair::reference() else { return };
    add_events(&pair);
    let directory = tempfile::tempdir().unwrap();
    let path = |name: &str| directory.path().join(name).to_str().unwrap().to_owned();
    for command in ["save", "writeraw"] {
        let [theirs, ours] = ["theirs", "ours"].map(|who| path(&format!("{command}-{who}")));
        let theirs_said = pair.theirs(&["sel", command, &theirs]);
        let ours_said = pair.ours(&["sel", command, &ours]);
        assert_eq!(ours_said.stdout, theirs_said.stdout);
        assert_eq!(ours_said.code(), theirs_said.code());
        assert_eq!(fs::read(&ours).unwrap(), fs::read(&theirs).unwrap(), "{command}");
        if command == "writeraw" {
            for words in [
                &["sel", "readraw", &theirs][..],
                &["sel", "ereadraw", &theirs],
                &["-c", "sel", "ereadraw", &theirs],
                &["-v", "sel", "readraw", &theirs],
                &["-v", "sel", "ereadraw", &theirs],
            ] {
                pair.same_words(words);
            }
            let mut cut = fs::read(&theirs).unwrap();
            cut.truncate(20);
            fs::write(path("cut"), cut).unwrap();
            pair.same_words(&["sel", "readraw", &path("cut")]);
        } else {
            pair.same_words(&["sel", "add", &theirs]);
        }
    }
}

#[test]
fn a_file_says_what_oems_mean() {
    let Some(pair) = Pair::reference() else { return };
    add_events(&pair);
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("oem");
    let lines = "\"0xc1\",\"XX\",\"XX\",\"XX\",\"XX\",\"R\",\"R\",\"R\",\"0x00\",\"XX\",\"slot\",\"XX\",\"XX\",\"XX\",\"A card\"\n\
                 \"0xe0\",\"0x41\",\"0x42\",\"XX\",\"XX\",\"XX\",\"XX\",\"XX\",\"XX\",\"XX\",\"XX\",\"bay\",\"XX\",\"XX\",\"A disk\"\n";
    fs::write(&file, lines).unwrap();
    let file = file.to_str().unwrap();
    for words in [
        &["-O", file, "sel", "list"][..],
        &["-O", file, "-c", "sel", "list"],
        &["-O", file, "-v", "sel", "list"],
        &["-O", file, "power", "status"],
        &["-O", "/nowhere/at/all", "sel", "list", "2"],
    ] {
        pair.same_words(words);
    }
}

//! What whole commands cost, in answers of the BMC, beside ipmitool's: over a network each is a round
//! trip.

use std::path::Path;

use lantern_testkit::peers::Ipmitool;
use lantern_testkit::tap::{Direction, Tap};

use crate::support::{Bmc, PASSWORD, example, finish, lantern};

/// For `cargo xtask bench`, which writes it down.
const TABLE: &str = "<!-- table -->\n";

struct Row {
    what: &'static str,
    cold: usize,
    warm: usize,
    theirs: usize,
}

/// Answers that one run of ours takes.
fn ours(bmc: &Bmc, tap: &Tap, cache: &Path, words: &[&str]) -> usize {
    tap.clear();
    let host = tap.addr().to_string();
    let mut command = bmc.console(words);
    finish(command.args(["-H", &host]).env("XDG_CACHE_HOME", cache)).expect_success();
    tap.count(Direction::ToConsole)
}

fn row(bmc: &Bmc, tap: &Tap, tool: &Ipmitool, what: &'static str, theirs: &str) -> Row {
    let words: Vec<_> = what.split_whitespace().collect();
    // The least of three: on a busy machine some things are asked twice.
    let (mut cold, mut warm) = (usize::MAX, usize::MAX);
    for _ in 0..3 {
        let cache = tempfile::tempdir().unwrap();
        let run = || ours(bmc, tap, cache.path(), &words);
        (cold, warm) = (cold.min(run()), warm.min(run()));
    }
    tap.clear();
    // Of `fru print` its exit code is that of the last device.
    tool.run(theirs);
    Row { what, cold, warm, theirs: tap.count(Direction::ToConsole) }
}

#[test]
fn commands_take_a_part_of_ipmitools_exchanges() {
    let config = example().replace("\"reference\"", "\"specimens\"");
    let bmc = Bmc::with(&config, &[]);
    let tap = Tap::start(bmc.address);
    let Some(tool) = Ipmitool::new(tap.addr(), "admin", PASSWORD) else { return };
    let tool = tool.suite(17);
    for _ in 0..50 {
        // A log that is worth reading.
        bmc.run(&["event", "send", "--sample", "1"]).expect_success();
    }
    let rows = [
        ("power status", "power status"),
        ("chassis status", "chassis status"),
        ("mc info", "mc info"),
        ("sensor list", "sensor list"),
        ("sel list", "sel elist"),
        ("sel list --last 5", "sel elist last 5"),
        ("fru print", "fru print"),
        ("lan show", "lan print 1"),
        ("user list", "user list 1"),
        ("channel info 1", "channel info 1"),
    ]
    .map(|(what, theirs)| row(&bmc, &tap, &tool, what, theirs));
    let mut table = "72 records, 50 events, 15 slots for users; with the answer to Close Session, which `lantern` does not wait for.\n\n| `lantern` | cold | warm | ipmitool |\n|---|---:|---:|---:|\n".to_owned();
    for Row { what, cold, warm, theirs } in &rows {
        table += &format!("| `{what}` | {cold} | {warm} | {theirs} |\n");
    }
    println!("{TABLE}{table}{TABLE}");
    let of = |what| rows.iter().find(|row| row.what == what).unwrap();
    // Four to the answer; the one to Close Session is not waited for.
    assert!(of("power status").cold <= 5, "{table}");
    assert!(of("fru print").warm * 3 <= of("fru print").theirs, "{table}");
    assert!(of("sel list").warm * 2 <= of("sel list").theirs, "{table}");
    assert!(of("user list").warm * 3 <= of("user list").theirs * 2, "{table}");
    for row in &rows {
        assert!(row.cold <= row.theirs && row.warm <= row.cold, "{}: {table}", row.what);
    }
}

#[test]
fn the_drop_in_takes_one_more_to_raise_the_privilege_and_no_other() {
    let bmc = Bmc::start();
    let tap = Tap::start(bmc.address);
    let (host, port) = (tap.addr().ip().to_string(), tap.addr().port().to_string());
    let cache = tempfile::tempdir().unwrap();
    let answers = |words: &[&str]| {
        tap.clear();
        let mut command = lantern();
        command.args(["ipmitool", "-I", "lanplus", "-H", &host, "-p", &port]);
        command.args(["-U", "admin", "-P", PASSWORD]).args(words);
        finish(command.env("XDG_CACHE_HOME", cache.path())).expect_success();
        tap.count(Direction::ToConsole)
    };
    // Three to log in, one for what was asked, and Close Session's, which comes or is not waited for.
    let user = answers(&["-L", "USER", "power", "status"]);
    assert!((4..=5).contains(&user), "{user}");
    let administrator = answers(&["power", "status"]);
    assert!((5..=6).contains(&administrator), "{administrator}");
    // What acts takes no other raise.
    let acts = answers(&["chassis", "identify", "1"]);
    assert!((5..=6).contains(&acts), "{acts}");
}

/// The most requests that were under way at a time, each answered by what comes next.
fn in_flight(tap: &Tap) -> i32 {
    let steps = tap.packets().into_iter().map(|packet| match packet.direction {
        Direction::ToBmc => 1,
        Direction::ToConsole => -1,
    });
    let mut now = 0;
    steps
        .map(|step| {
            now = (now + step).max(0);
            now
        })
        .max()
        .unwrap_or_default()
}

#[test]
fn the_drop_in_reads_sensors_abreast_once_a_slow_bmc_has_shown_that_it_can() {
    let frozen =
        example().replacen("[bmc]\n", "[bmc]\nfrozen = 1795900000\nfaults = [\"delay=20\"]\n", 1);
    let bmc = Bmc::with(&frozen, &[]);
    let tap = Tap::start(bmc.address);
    let (host, port) = (tap.addr().ip().to_string(), tap.addr().port().to_string());
    let cache = tempfile::tempdir().unwrap();
    let run = |words: &[&str]| {
        tap.clear();
        let mut command = lantern();
        command.args(["ipmitool", "-I", "lanplus", "-H", &host, "-p", &port]);
        command.args(["-U", "admin", "-P", PASSWORD]).args(words);
        let output = finish(command.env("XDG_CACHE_HOME", cache.path()));
        (output.expect_success().to_owned(), in_flight(&tap))
    };
    // The first reads the records, several at a time because those say which they are; another one finds out.
    let (first, _) = run(&["sensor"]);
    let begun = std::time::Instant::now();
    while begun.elapsed().as_secs() < 30 {
        let (again, abreast) = run(&["sensor"]);
        assert_eq!(again, first);
        if abreast > 2 {
            break;
        }
    }
    for words in
        [&["sensor"][..], &["sdr"], &["sdr", "elist", "all"], &["-c", "sdr", "type", "Temperature"]]
    {
        let (_, abreast) = run(words);
        assert!(abreast > 2, "{words:?}: {abreast}");
    }
    assert_eq!(run(&["sensor"]).0, first);
}

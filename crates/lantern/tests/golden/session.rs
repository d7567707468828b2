//! `session`.

use crate::pair::Pair;

/// What both say but for the port, which no two programs have the same.
#[track_caller]
fn same_but_for_the_port(pair: &Pair, line: &str) {
    let words: Vec<_> = line.split_whitespace().collect();
    let (theirs, ours) = (pair.theirs(&words), pair.ours(&words));
    let is_csv = words.contains(&"-c");
    let mask = |text: &str| -> Vec<String> {
        let masked = |line: &str| match line.split_once("console port                  : ") {
            Some((_, port)) => format!("port {}", port.parse::<u16>().is_ok()),
            None if is_csv && line.split(',').count() > 7 => {
                let (rest, port) = line.rsplit_once(',').unwrap();
                format!("{rest} {}", port.parse::<u16>().is_ok())
            }
            None => line.to_owned(),
        };
        text.split('\n').map(masked).collect()
    };
    assert_eq!(mask(&ours.stdout), mask(&theirs.stdout), "{line}");
    assert_eq!(ours.code(), theirs.code(), "{line}");
}

#[test]
fn sessions_are_shown_alike() {
    for pair in [Pair::reference(), Pair::simulators()] {
        let Some(pair) = pair else { return };
        for line in ["session info active", "-c session info active"] {
            same_but_for_the_port(&pair, line);
        }
        for line in [
            "session",
            "session help",
            "session bogus",
            "session info",
            "session info help",
            "session info bogus",
            "session info id",
            "session info handle",
            "session info id x",
            "session info handle x",
        ] {
            pair.same(line);
        }
    }
    let Some(pair) = Pair::reference() else { return };
    for line in [
        "session info all",
        "-c session info all",
        "session info id 0x12345678",
        "session info handle 0x77",
        "-c session info handle 0x77",
    ] {
        same_but_for_the_port(&pair, line);
    }
}

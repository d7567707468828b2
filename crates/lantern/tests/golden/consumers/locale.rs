//! The administrator's language changes nothing of what ours says.

use crate::pair::Pair;
use crate::support::finish;

/// One of each kind: figures with a point, dates, names, errors, letters made large and small.
const LINES: [&str; 26] = [
    "sensor",
    "sensor get Inlet",
    "sdr",
    "sdr elist",
    "-v sdr",
    "-c sdr",
    "-c -v sdr",
    "sdr type Temperature",
    "sdr type fan",
    "sel info",
    "sel elist",
    "-c sel list",
    "-v sel list",
    "sel time get",
    "fru",
    "lan print 1",
    "user list 1",
    "-c user list 1",
    "mc info",
    "chassis status",
    "dcmi power reading",
    "dcmi discover",
    "raw 6 1",
    "raw 6 0x99",
    "-L administrator channel info 1",
    "-I LANPLUS power status",
];

#[test]
fn every_language_gets_the_same_bytes() {
    let Some(pair) = Pair::reference() else { return };
    for line in LINES {
        let words: Vec<_> = line.split_whitespace().collect();
        let said = pair.same(line);
        for locale in ["C", "de_DE.UTF-8", "tr_TR.UTF-8"] {
            let mut command = pair.our_command(&words);
            command.env("LC_ALL", locale).env("LANG", locale).env("LANGUAGE", locale);
            let output = finish(&mut command);
            let plain = pair.ours(&words);
            assert_eq!(output.stdout, said, "{locale}: {line}");
            assert_eq!(
                (output.stderr, output.status),
                (plain.stderr, plain.status),
                "{locale}: {line}"
            );
        }
    }
}

//! How much of the processor a start takes: scripts call ipmitool by the thousand, and most of what
//! that costs is not waiting.

use std::fs;
use std::process::Command;

use anyhow::{Context, Result};

use crate::lab::{self, Lab};
use crate::shell;

/// The kernel counts in hundredths of a second: so many starts are looked at as one.
const BATCH: u64 = 50;
/// Batches of each, in turns.
const TURNS: u64 = 4;

/// User and system time of `-V`: ours under the name of ipmitool, the real one, and a process that
/// does nothing.
pub(super) fn table(lab: &Lab) -> Result<String> {
    let mut ticks = [0; 3];
    // The first turn warms the caches and is not counted.
    for turn in 0..=TURNS {
        for (which, ticks) in ticks.iter_mut().enumerate() {
            let taken = batch(&mut command(lab, which)?)?;
            *ticks += if turn > 0 { taken } else { 0 };
        }
    }
    Ok(shown(ticks))
}

fn command(lab: &Lab, which: usize) -> Result<Command> {
    let mut command = match which {
        0 => lab.ipmitool(),
        1 => lab::peer("ipmitool")?,
        _ => shell::program("true"),
    };
    command.arg("-V");
    Ok(command)
}

fn batch(command: &mut Command) -> Result<u64> {
    let before = of_children()?;
    for _ in 0..BATCH {
        shell::output(command)?;
    }
    Ok(of_children()?.saturating_sub(before))
}

/// User and system time of all processes that this one has waited for, in hundredths of a second.
fn of_children() -> Result<u64> {
    let stat = fs::read_to_string("/proc/self/stat").context("/proc/self/stat")?;
    parse(&stat).context("/proc/self/stat has no times of children")
}

/// `cutime` and `cstime`, the 16th and 17th field; the name before the third may contain anything.
fn parse(stat: &str) -> Option<u64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let times = rest.split_whitespace().skip(13).take(2);
    let times = times.map(|field| field.parse::<u64>().ok()).collect::<Option<Vec<_>>>()?;
    (times.len() == 2).then(|| times.iter().sum())
}

fn shown(ticks: [u64; 3]) -> String {
    let [ours, ..] = ticks;
    let starts = BATCH * TURNS;
    let mut out = format!(
        "User and system time of one start with `-V`, from {starts} starts of each, in turns.\n\n\
         | what | ms | times ours |\n|---|---:|---:|\n"
    );
    let names = ["`lantern ipmitool -V`", "`ipmitool -V`", "`true`"];
    for (name, ticks) in names.into_iter().zip(ticks) {
        let ms = ticks as f64 * 10.0 / starts as f64;
        let ratio = ticks as f64 / ours.max(1) as f64;
        out.push_str(&format!("| {name} | {ms:.2} | {ratio:.2} |\n"));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_children_are_found_behind_any_name() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 70 8 20 0 1 0 9";
        assert_eq!(parse(stat), Some(78));
        assert_eq!(parse("7 (a) S 1"), None);
    }

    #[test]
    fn the_table_compares_with_ours() {
        let table = shown([40, 80, 10]);
        assert!(table.contains("| `lantern ipmitool -V` | 2.00 | 1.00 |"), "{table}");
        assert!(table.contains("| `ipmitool -V` | 4.00 | 2.00 |"), "{table}");
    }
}

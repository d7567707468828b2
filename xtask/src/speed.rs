//! What our own benchmarks (`crates/lantern-bmcd/benches/`) measured, as tables: criterion leaves its
//! estimates in files.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};
use serde_json::Value;

/// What was measured, by group and name: the median in nanoseconds.
type Medians = BTreeMap<(String, String), f64>;

/// The tables, from what is in cargo's target directory.
pub(crate) fn tables(target: &Path) -> Result<String> {
    let mut medians = Medians::new();
    collect(&target.join("criterion"), &mut medians)?;
    render(&medians)
}

fn collect(directory: &Path, medians: &mut Medians) -> Result<()> {
    let entries = fs::read_dir(directory).with_context(|| directory.display().to_string())?;
    for entry in entries {
        let path = entry?.path();
        if !path.is_dir() {
            continue;
        }
        let (what, estimates) = (path.join("benchmark.json"), path.join("estimates.json"));
        if path.ends_with("new") && what.is_file() && estimates.is_file() {
            let (what, estimates) = (read(&what)?, read(&estimates)?);
            let name = |key: &str| what.get(key).and_then(Value::as_str).unwrap_or_default();
            let full = match name("value_str") {
                "" => name("function_id").to_owned(),
                value => format!("{}/{value}", name("function_id")),
            };
            let median = estimates.pointer("/median/point_estimate").and_then(Value::as_f64);
            let median = median.with_context(|| format!("{full}: criterion has no median"))?;
            medians.insert((name("group_id").to_owned(), full), median);
        } else {
            collect(&path, medians)?;
        }
    }
    Ok(())
}

fn read(path: &Path) -> Result<Value> {
    let text = fs::read_to_string(path).with_context(|| path.display().to_string())?;
    serde_json::from_str(&text).with_context(|| path.display().to_string())
}

fn render(medians: &Medians) -> Result<String> {
    let group = |wanted: &str| -> Vec<(&str, f64)> {
        let of = medians.iter().filter(|((group, _), _)| group == wanted);
        of.map(|((_, name), median)| (name.as_str(), *median)).collect()
    };
    let mut out = String::from(
        "One packet, without a system call: Get Device ID's answer, 23 bytes of message.\n\n\
         | what | ns |\n|---|---:|\n",
    );
    for (name, median) in group("codec").into_iter().chain(group("crypto")) {
        out.push_str(&format!("| {name} | {median:.0} |\n"));
    }
    out.push_str(
        "\nBoth ends on one core, without a network.\n\n\
         | what | µs | a second |\n|---|---:|---:|\n",
    );
    for (title, wanted) in [
        ("login and logout", "login"),
        ("Get Device ID in a session", "command"),
        ("Open Session Request of a flood", "flood"),
    ] {
        for (name, median) in group(wanted) {
            let (micros, rate) = (median / 1e3, 1e9 / median);
            out.push_str(&format!("| {title}, {name} | {micros:.2} | {rate:.0} |\n"));
        }
    }
    let network = network(&group("network"))?;
    out.push_str(&format!(
        "\nGet Device ID over loopback UDP, and bare datagrams of the same sizes: so many under way at \
         once, each in a session of its own. Microseconds for one, and times the bare ones.\n\n{network}"
    ));
    Ok(out)
}

/// A column for each number of sessions, a row for each server.
fn network(measured: &[(&str, f64)]) -> Result<String> {
    const BARE: &str = "bare UDP";
    let split = |name: &str| -> Option<(String, u32)> {
        let (server, sessions) = name.rsplit_once('/')?;
        Some((server.to_owned(), sessions.parse().ok()?))
    };
    let cells: BTreeMap<(String, u32), f64> =
        measured.iter().filter_map(|(name, median)| Some((split(name)?, *median))).collect();
    let mut columns: Vec<u32> = cells.keys().map(|(_, sessions)| *sessions).collect();
    columns.sort_unstable();
    columns.dedup();
    let mut rows: Vec<&str> = cells.keys().map(|(server, _)| server.as_str()).collect();
    rows.dedup();
    if !rows.contains(&BARE) {
        bail!("nothing was measured over UDP");
    }
    let mut out = String::from("| what |");
    columns.iter().for_each(|sessions| out.push_str(&format!(" {sessions} at once |")));
    out.push_str("\n|---|");
    columns.iter().for_each(|_| out.push_str("---:|"));
    for row in rows {
        out.push_str(&format!("\n| {row} |"));
        for sessions in &columns {
            let at = |server: &str| cells.get(&(server.to_owned(), *sessions));
            match (at(row), at(BARE)) {
                (Some(median), Some(bare)) => out.push_str(&format!(
                    " {:.1} ({:.1}×) |",
                    median / 1e3,
                    median / bare.max(f64::MIN_POSITIVE)
                )),
                _ => out.push_str(" |"),
            }
        }
    }
    out.push('\n');
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ratios_are_to_bare_datagrams_of_the_same_column() {
        let of = |group: &str, name: &str| (group.to_owned(), name.to_owned());
        let medians = Medians::from([
            (of("codec", "a"), 12.4),
            (of("login", "suite 3"), 50_000.0),
            (of("network", "bare UDP/1"), 10_000.0),
            (of("network", "bare UDP/8"), 5_000.0),
            (of("network", "our server/1"), 30_000.0),
            (of("network", "our server/8"), 10_000.0),
        ]);
        let tables = render(&medians).unwrap();
        for line in [
            "| a | 12 |",
            "| login and logout, suite 3 | 50.00 | 20000 |",
            "| what | 1 at once | 8 at once |",
            "| our server | 30.0 (3.0×) | 10.0 (2.0×) |",
        ] {
            assert!(tables.contains(line), "{line}: {tables}");
        }
        assert!(render(&Medians::new()).is_err());
    }
}

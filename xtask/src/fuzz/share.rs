//! Which target gets how many of so many inputs.

use super::Until;

/// Targets whose inputs are long stories, or files, or go to many decoders, with how many of ten
/// million they get: each takes a few seconds for that. The others, at a million a second and more,
/// get the rest in equal parts.
const SLOW: [(&str, u64); 16] = [
    ("bmc", 30_000),
    ("cache", 40_000),
    ("config", 150_000),
    ("console_config", 20_000),
    ("foreign_packet", 150_000),
    ("fru", 150_000),
    ("hostile_bmc", 200_000),
    ("hostile_console", 40_000),
    ("line", 300_000),
    ("memory", 60_000),
    ("nodeset", 10_000),
    ("packet", 300_000),
    ("registry", 150_000),
    ("sdr", 30_000),
    ("session", 150_000),
    ("state_file", 60_000),
];
const OUT_OF: u64 = 10_000_000;

/// Each target with its part of `inputs`, of which none is lost in rounding.
pub(super) fn of(targets: &[String], inputs: u64) -> Vec<(String, Until)> {
    let slow = |target: &str| {
        let known = SLOW.iter().find(|(name, _)| *name == target);
        known.map(|(_, part)| part.saturating_mul(inputs).div_ceil(OUT_OF).max(1))
    };
    let taken: u64 = targets.iter().filter_map(|target| slow(target)).sum();
    let others = targets.iter().filter(|target| slow(target).is_none()).count();
    let others = u64::try_from(others).unwrap_or(u64::MAX);
    // If there are no others, those that are there share it all as they are.
    let scale = if others == 0 { inputs.div_ceil(taken.max(1)) } else { 1 };
    let rest = inputs.saturating_sub(taken).div_ceil(others.max(1)).max(1);
    let part = |target: &String| slow(target).map_or(rest, |part| part.saturating_mul(scale));
    targets.iter().map(|target| (target.clone(), Until::Inputs(part(target)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(targets: &[String], inputs: u64) -> u64 {
        let part = |(_, until)| match until {
            Until::Inputs(inputs) => inputs,
            Until::Seconds(_) => 0,
        };
        of(targets, inputs).into_iter().map(part).sum()
    }

    #[test]
    fn the_parts_add_up_whatever_is_chosen() {
        let all = super::super::targets().unwrap();
        for inputs in [1, 12_345, 10_000_000, 100_000_000] {
            assert!((inputs..inputs + 1000).contains(&sum(&all, inputs)), "{inputs}");
            assert!(sum(&["rmcp".to_owned()], inputs) >= inputs);
            assert!(sum(&["session".to_owned(), "bmc".to_owned()], inputs) >= inputs);
        }
    }

    #[test]
    fn every_slow_target_is_one() {
        let all = super::super::targets().unwrap();
        for (name, _) in SLOW {
            assert!(all.iter().any(|target| target == name), "{name}");
        }
    }
}

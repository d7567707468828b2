//! The sweep over cuts of power.

use std::sync::Arc;

use ipmi_bmc::nvram::{Change, Key, Room, setting};
use redb::TableDefinition;

use super::load::{Dice, Load, apply};
use super::tape::{Landing, Op, Tape};
use crate::store::error::Fault;
use crate::store::medium::Disk;
use crate::store::vault::{Upgrade, Values, Vault};

/// What was recorded: all that was done, and what was acknowledged after how much of it.
struct Recording {
    ops: Vec<Op>,
    acknowledged: Vec<(usize, Arc<Values>)>,
}

fn disk(tape: &Tape) -> Disk {
    Disk::new(Box::new(tape.clone()))
}

/// Records `commits` commits, with orderly ends and starts between them, and some without order.
fn record(seed: u64, commits: usize) -> Recording {
    let mut tape = Tape::default();
    let mut load = Load::new(seed);
    let mut values = Values::new();
    let mut vault = Vault::create(disk(&tape), &values).unwrap();
    let mut acknowledged = vec![(tape.ops().len(), Arc::new(values.clone()))];
    for commit in 1..=commits {
        let batch = load.batch(&values);
        vault.commit(&batch).unwrap();
        apply(&mut values, &batch);
        acknowledged.push((tape.ops().len(), Arc::new(values.clone())));
        if commit % 41 == 0 {
            vault.close().unwrap();
            vault = Vault::open(disk(&tape)).unwrap();
        } else if commit % 29 == 0 {
            // As after kill -9: all writes are there, and nothing was put in order.
            tape = tape.taken_over();
            vault = Vault::open(disk(&tape)).unwrap();
        }
    }
    assert_eq!(vault.values().unwrap(), values);
    let ops = tape.ops().clone();
    Recording { ops, acknowledged }
}

/// What is on a disk after a cut.
struct Cut<'a> {
    image: Vec<u8>,
    /// What was acknowledged, and what was under way.
    kept: &'a Values,
    next: &'a Values,
    what: String,
}

/// Cuts the power before each of the operations, in the ways that `plan` names, and lets `check`
/// look. Returns how many images that were.
fn sweep(recording: &Recording, random: usize, seed: u64, check: &mut dyn FnMut(Cut<'_>)) -> usize {
    let Recording { ops, acknowledged } = recording;
    let mut dice = Dice::new(seed);
    let (mut durable, mut synced) = (Vec::new(), 0);
    let mut images = 0;
    for cut in 0..=ops.len() {
        if cut > 0 && matches!(ops[cut - 1], Op::Sync) {
            ops[synced..cut].iter().for_each(|op| op.apply(&mut durable, &Landing::Whole));
            synced = cut;
        }
        let count = acknowledged.partition_point(|(at, _)| *at <= cut);
        // Before the first it has no name yet: see `Store::create`.
        let Some((_, kept)) = count.checked_sub(1).map(|last| &acknowledged[last]) else {
            continue;
        };
        let next = acknowledged.get(count).map_or(kept, |(_, next)| next);
        let volatile = &ops[synced..cut];
        for (name, landings) in plans(volatile, random, &mut dice) {
            let mut image = durable.clone();
            volatile.iter().zip(&landings).for_each(|(op, landing)| op.apply(&mut image, landing));
            let what = format!("cut before operation {cut}, {name} of {} unsynced", volatile.len());
            check(Cut { image, kept, next, what });
            images += 1;
        }
    }
    images
}

type Plan = (String, Vec<Landing>);

/// What may become of the operations that were not synced.
fn plans(volatile: &[Op], random: usize, dice: &mut Dice) -> Vec<Plan> {
    let count = volatile.len();
    let pick = |lands: &dyn Fn(usize) -> bool| -> Vec<Landing> {
        (0..count).map(|at| if lands(at) { Landing::Whole } else { Landing::Lost }).collect()
    };
    let mut plans = vec![("all".to_owned(), pick(&|_| true))];
    if count == 0 {
        return plans;
    }
    let torn = |mut landings: Vec<Landing>, at: usize, dice: &mut Dice| {
        landings[at] = volatile[at].tear(dice);
        landings
    };
    plans.push(("the last torn".to_owned(), torn(pick(&|_| true), count - 1, dice)));
    if count > 1 {
        plans.push(("only the last".to_owned(), pick(&|at| at == count - 1)));
        plans.push(("all but the first".to_owned(), pick(&|at| at != 0)));
        plans.push(("the first torn".to_owned(), torn(pick(&|_| true), 0, dice)));
        let lost = dice.below(count);
        plans.push((format!("all but number {lost}"), pick(&|at| at != lost)));
        plans.push(("only the first".to_owned(), pick(&|at| at == 0)));
    }
    for number in 0..random {
        let landings = volatile.iter().map(|op| op.land(dice));
        plans.push((format!("choice {number}"), landings.collect()));
    }
    plans
}

/// Opens what a cut left. Whatever it is, one more commit has to work.
fn survives(cut: Cut<'_>) {
    let Cut { image, kept, next, what } = cut;
    let image = Tape::of(image);
    let vault = match Vault::open(disk(&image)) {
        Ok(vault) => vault,
        Err(fault) => panic!("{what}: {fault:?}"),
    };
    let found = vault.values().unwrap();
    let differs = |other: &Values| other.iter().filter(|(k, v)| found.get(k) != Some(v)).count();
    assert!(
        found == *kept || found == *next,
        "{what}: {} of {} acknowledged values are missing, {} of the next {}; {} there",
        differs(kept),
        kept.len(),
        differs(next),
        next.len(),
        found.len(),
    );
    // One that no load has: it has to be one more.
    let key = Key { room: Room::Users, number: u32::MAX };
    vault.commit(&[Change::Put(key, vec![7])]).unwrap();
    assert_eq!(vault.values().unwrap().len(), found.len() + 1, "{what}");
    image.taken_over();
}

/// `cargo xtask soak` asks for long loads with LANTERN_CUTS: so many of them.
#[test]
fn power_may_fail_at_any_moment() {
    let (loads, commits, random) = match std::env::var("LANTERN_CUTS") {
        Ok(loads) => (loads.parse().unwrap(), 400, 12),
        Err(_) => (1, 90, 2),
    };
    let mut images = 0;
    for seed in 1..=loads {
        images += sweep(&record(seed, commits), random, seed, &mut survives);
    }
    println!("{images} images of {loads} loads of {commits} commits");
    assert!(images > 4000, "{images}");
}

/// What a later version might do: the power-on time in minutes.
const SECONDS_TO_MINUTES: Upgrade = |transaction| {
    let settings = TableDefinition::<u32, &[u8]>::new("settings");
    let mut settings = transaction.open_table(settings)?;
    let seconds = settings.remove(setting::ON_TIME.number)?.map(|value| value.value().to_vec());
    let seconds = u64::from_le_bytes(seconds.unwrap().try_into().unwrap());
    settings.insert(setting::ON_TIME.number, (seconds / 60).to_le_bytes().as_slice())?;
    Ok(())
};

#[test]
fn a_format_is_brought_to_the_next_once_whenever_the_power_fails() {
    let on_time = |time: u64| (setting::ON_TIME, time.to_le_bytes().to_vec());
    let mut old: Values = (0..200)
        .map(|number| (Key { room: Room::Sel, number }, vec![number.to_le_bytes()[0]; 16]))
        .collect();
    let mut new = old.clone();
    old.extend([on_time(7260)]);
    new.extend([on_time(121)]);
    let (old, new) = (Arc::new(old), Arc::new(new));

    let tape = Tape::default();
    Vault::create(disk(&tape), &old).unwrap().close().unwrap();
    let before = tape.ops().len();
    Vault::open_upgrading(disk(&tape), &[SECONDS_TO_MINUTES]).unwrap();
    let ops = tape.ops().clone();
    let acknowledged = vec![(before, Arc::clone(&old)), (ops.len(), Arc::clone(&new))];
    let recording = Recording { ops, acknowledged };
    let mut known = [0, 0];
    let images = sweep(&recording, 8, 5, &mut |Cut { image, what, .. }| {
        // Whoever knows only the old one finds it untouched, or refuses.
        match Vault::open(disk(&Tape::of(image.clone()))) {
            Ok(vault) => {
                assert_eq!(vault.values().unwrap(), *old, "{what}");
                known[0] += 1;
            }
            Err(Fault::Newer { found: 2, known: 1 }) => known[1] += 1,
            Err(fault) => panic!("{what}: {fault:?}"),
        }
        let image = Tape::of(image);
        for _ in 0..2 {
            let vault = Vault::open_upgrading(disk(&image), &[SECONDS_TO_MINUTES]).unwrap();
            assert_eq!(vault.values().unwrap(), *new, "{what}");
            assert_eq!(vault.format().unwrap(), 2, "{what}");
        }
    });
    assert!(images > 50 && known.iter().all(|count| *count > 5), "{images} {known:?}");
}

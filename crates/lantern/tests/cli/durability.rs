//! What was acknowledged is there after `kill -9`, at whatever moment it comes.
//!
//! Power cuts are `lantern-bmcd`'s to test, on a disk of its own; this is the whole program on the
//! real file system.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use ipmi_client::{Bmc, Credentials, Endpoint};
use ipmi_wire::CompletionCode;
use ipmi_wire::cmd::storage::{AddSelEntry, ClearSel, EraseAction, ReserveSel};
use ipmi_wire::sel::SelRecord;
use tokio::task::JoinSet;

use crate::support::{self, PASSWORD, example};

/// In CI. `cargo xtask soak` asks for more with LANTERN_KILLS.
const ROUNDS: u32 = 20;
/// Events that are on their way at the same time.
const ADDERS: u32 = 8;
/// The log is cleared when it has so many: it holds 1024.
const MANY: usize = 700;

/// What a log has to have, and what it may have.
#[derive(Debug, Default)]
struct Ledger {
    /// By number: the record ID that was acknowledged.
    acknowledged: BTreeMap<u32, u16>,
    /// Sent, without an answer so far.
    uncertain: BTreeSet<u32>,
}

/// An OEM's event with nothing but a number.
fn event(number: u32) -> AddSelEntry {
    let mut data = [0; 13];
    data[..4].copy_from_slice(&number.to_le_bytes());
    AddSelEntry { record: SelRecord::Oem { id: 0, record_type: 0xe0, data } }
}

fn numbered(record: &SelRecord) -> Option<(u32, u16)> {
    match record {
        SelRecord::Oem { id, record_type: 0xe0, data } => {
            Some((u32::from_le_bytes(*data.first_chunk().unwrap()), *id))
        }
        _ => None,
    }
}

fn console(endpoint: &Endpoint, bmc: &support::Bmc) -> Bmc {
    let mut credentials = Credentials::new(b"admin", PASSWORD.as_bytes()).unwrap();
    credentials.timing.deadline = Duration::from_secs(60);
    Bmc::new(endpoint, bmc.address, credentials)
}

/// Adds events until the BMC is gone.
async fn add(console: Bmc, numbers: impl Iterator<Item = u32>, ledger: Arc<Mutex<Ledger>>) {
    for number in numbers {
        ledger.lock().unwrap().uncertain.insert(number);
        let outcome = console.send(&event(number)).await;
        let mut ledger = ledger.lock().unwrap();
        match outcome {
            Ok(id) => drop(ledger.acknowledged.insert(number, id.0)),
            // The log is full.
            Err(error) if error.completion() == Some(CompletionCode::OUT_OF_SPACE) => return,
            Err(error) => panic!("{error}"),
        }
    }
}

/// Holds what `console` reads against the ledger; what turned out to be there is certain then.
async fn check(console: &Bmc, ledger: &mut Ledger, round: u32) -> usize {
    let records = console.sel_entries().await.unwrap();
    let found: Vec<_> = records.iter().filter_map(numbered).collect();
    let by_number: BTreeMap<_, _> = found.iter().copied().collect();
    assert_eq!(by_number.len(), found.len(), "round {round}: an event is there twice");
    for (number, id) in &ledger.acknowledged {
        let kept = by_number.get(number);
        assert_eq!(kept, Some(id), "round {round}: event {number} was acknowledged");
    }
    for number in by_number.keys() {
        let known = ledger.acknowledged.contains_key(number) || ledger.uncertain.contains(number);
        assert!(known, "round {round}: nobody sent event {number}");
    }
    ledger.uncertain.clear();
    ledger.acknowledged = by_number;
    records.len()
}

/// Clears the log, and gets that acknowledged.
async fn clear(console: &Bmc, ledger: &mut Ledger) {
    let reservation = console.send(&ReserveSel).await.unwrap();
    let clear = ClearSel { reservation, action: EraseAction::Initiate };
    console.send(&clear).await.unwrap();
    ledger.acknowledged.clear();
}

fn start(config: &str, state: &Path) -> support::Bmc {
    support::Bmc::with(config, &["--state", state.to_str().unwrap()])
}

#[tokio::test]
async fn what_was_acknowledged_survives_kill_9() {
    let rounds = std::env::var("LANTERN_KILLS").map_or(ROUNDS, |text| text.parse().unwrap());
    let directory = tempfile::tempdir().unwrap();
    let (config, state) = (example(), directory.path().join("state"));
    let ledger = Arc::new(Mutex::new(Ledger::default()));
    let mut next = 0;
    let mut total = 0;
    for round in 0..rounds {
        let bmc = start(&config, &state);
        let endpoint = Endpoint::bind().unwrap();
        let console = console(&endpoint, &bmc);
        let mut known = std::mem::take(&mut *ledger.lock().unwrap());
        if check(&console, &mut known, round).await > MANY {
            clear(&console, &mut known).await;
        }
        let before = known.acknowledged.len();
        *ledger.lock().unwrap() = known;

        let mut adding = JoinSet::new();
        for _ in 0..ADDERS {
            adding.spawn(add(console.clone(), next..next + 10_000, Arc::clone(&ledger)));
            next += 10_000;
        }
        // Spread over what it takes to add some dozen events.
        let moment = Duration::from_micros(u64::from(round.wrapping_mul(77_797) % 200_000));
        tokio::time::sleep(moment).await;
        // That is kill -9.
        drop(bmc);
        // Answers that are on their way count.
        tokio::time::sleep(Duration::from_millis(10)).await;
        adding.shutdown().await;
        total += ledger.lock().unwrap().acknowledged.len() - before;
    }
    let bmc = start(&config, &state);
    let endpoint = Endpoint::bind().unwrap();
    let mut known = std::mem::take(&mut *ledger.lock().unwrap());
    check(&console(&endpoint, &bmc), &mut known, rounds).await;
    println!("{rounds} kills, {total} events acknowledged");
    assert!(total > rounds as usize, "{total} events in {rounds} rounds say nothing");
}

//! Records asked for before it is known that there are any.
//!
//! Each record names the next, so a list is read one round trip after the other. But numbers mostly
//! follow each other: the next ones are guessed and asked for at once. A record says which one it is,
//! so a wrong guess, or an answer that is another request's, is found out, and costs an exchange.

use std::collections::{HashMap, HashSet};

use futures_util::future::join_all;

use super::{LAST, Repository, whole_length};

/// What was asked for ahead of its turn.
#[derive(Debug)]
pub(super) struct Ahead {
    /// How many are guessed next time; 0 when guessing is no use here.
    batch: usize,
    got: HashMap<u16, (u16, Vec<u8>)>,
    /// Records that came under another number than they were asked for.
    strange: HashSet<u16>,
}

const FIRST_BATCH: usize = 4;
/// No more are guessed at a time: each has its limit of time from the beginning.
const MOST: usize = crate::together::BATCH;
/// Numbers further apart are not guessed.
const FAR: u16 = 16;

impl Ahead {
    /// For a repository that may be asked for so many at a time.
    pub(super) fn new(abreast: u8) -> Self {
        let batch = FIRST_BATCH.max(abreast.into());
        Self { batch, got: HashMap::new(), strange: HashSet::new() }
    }

    /// The record `id` and the number of the next, if it has come already.
    pub(super) fn take(&mut self, id: u16) -> Option<(u16, Vec<u8>)> {
        self.got.remove(&id)
    }

    /// Takes in that the record `id` came when it was asked for alone.
    pub(super) fn compare<R: Repository>(&mut self, repository: &R, id: u16, record: &[u8]) {
        // A BMC whose records bear other numbers does not mix anything up.
        if self.strange.remove(&id) && own_number(record) == Some(id) {
            self.batch = 0;
            repository.distrust();
        }
    }

    /// After the record `id` comes `next`, and there are `left` records at most: asks for it, and for
    /// those that may follow.
    pub(super) async fn guess<R: Repository>(
        &mut self,
        repository: &R,
        id: u16,
        next: u16,
        left: usize,
    ) {
        let step = next.wrapping_sub(id);
        let count = self.batch.min(left);
        if count < 2 || self.got.contains_key(&next) || !(1..=FAR).contains(&step) {
            return;
        }
        let guessed = (0..count).scan(next, |id, _| {
            let this = *id;
            *id = id.checked_add(step)?;
            (this != LAST).then_some(this)
        });
        let guessed: Vec<_> = guessed.collect();
        let answers = join_all(guessed.iter().map(|id| repository.read_whole(*id))).await;
        let mut right = 0usize;
        for (id, answer) in guessed.iter().zip(answers) {
            // Whatever went wrong is found out when it is this record's turn.
            let Ok((next, mut bytes)) = answer else { continue };
            let length = whole_length::<R>(&bytes);
            if own_number(&bytes) != Some(*id) {
                self.strange.insert(*id);
            } else if bytes.len() >= length {
                bytes.truncate(length);
                self.got.insert(*id, (next, bytes));
                right = right.saturating_add(1);
            }
        }
        self.batch = match guessed.len() {
            all if right == all => self.batch.saturating_mul(2).min(MOST),
            all if right * 2 >= all => self.batch,
            _ => 0,
        };
    }
}

/// The number that a record says it has: SDR and SEL records begin with it (IPMI v2.0 §32.1, §43).
fn own_number(record: &[u8]) -> Option<u16> {
    record.first_chunk().map(|id| u16::from_le_bytes(*id))
}

//! A disk in memory that remembers how it came to be, and what it may come to.

use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::load::Dice;
use crate::store::medium::{Image, Medium};

/// What was done to a disk.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Write {
        offset: usize,
        data: Vec<u8>,
    },
    SetLen(usize),
    Sync,
    /// What was written since the last sync may be on the disk or not, and no later sync brings it
    /// there: the system forgets what it could not write.
    FailedSync,
}

/// How a write that was not synced arrived.
#[derive(Clone, Debug)]
pub(crate) enum Landing {
    Whole,
    Lost,
    /// Only these bytes of it.
    Torn(Vec<bool>),
}

/// A disk that records. Clones share it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Tape {
    image: Arc<Image>,
    ops: Arc<Mutex<Vec<Op>>>,
    /// Whoever still has it finds it gone.
    gone: Arc<AtomicBool>,
}

impl Tape {
    /// A disk with this on it.
    pub(crate) fn of(bytes: Vec<u8>) -> Self {
        Self { image: Arc::new(Image::new(bytes)), ..Self::default() }
    }

    /// The same disk for the next process; for the present one it is gone.
    pub(crate) fn taken_over(&self) -> Self {
        self.gone.store(true, Ordering::Relaxed);
        Self { gone: Arc::default(), ..self.clone() }
    }

    /// What was done so far.
    pub(crate) fn ops(&self) -> MutexGuard<'_, Vec<Op>> {
        self.ops.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, op: Op) -> io::Result<()> {
        if self.gone.load(Ordering::Relaxed) {
            return Err(io::ErrorKind::NotConnected.into());
        }
        self.ops().push(op);
        Ok(())
    }
}

impl Medium for Tape {
    fn len(&self) -> io::Result<u64> {
        self.image.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.image.read(offset, out)
    }

    fn set_len(&self, length: u64) -> io::Result<()> {
        self.note(Op::SetLen(length.try_into().unwrap()))?;
        self.image.set_len(length)
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.note(Op::Write { offset: offset.try_into().unwrap(), data: data.to_vec() })?;
        self.image.write(offset, data)
    }

    fn sync(&self) -> io::Result<()> {
        self.note(Op::Sync)
    }
}

impl Op {
    /// Does it to `bytes`, as far as it landed.
    pub(crate) fn apply(&self, bytes: &mut Vec<u8>, landing: &Landing) {
        match (self, landing) {
            (_, Landing::Lost) | (Self::Sync | Self::FailedSync, _) => {}
            (Self::SetLen(length), _) => bytes.resize(*length, 0),
            (Self::Write { offset, data }, landing) => {
                let end = offset + data.len();
                if bytes.len() < end {
                    bytes.resize(end, 0);
                }
                let target = bytes[*offset..end].iter_mut().zip(data);
                match landing {
                    Landing::Torn(landed) => {
                        let landed = target.zip(landed).filter(|(_, landed)| **landed);
                        landed.for_each(|((byte, new), _)| *byte = *new);
                    }
                    _ => target.for_each(|(byte, new)| *byte = *new),
                }
            }
        }
    }

    /// Lands or not, or a part of it does.
    pub(crate) fn land(&self, dice: &mut Dice) -> Landing {
        match dice.below(4) {
            0 => Landing::Lost,
            1 => self.tear(dice),
            _ => Landing::Whole,
        }
    }

    /// Some way in which it arrives in part: by sectors, by words, or cut at a byte.
    pub(crate) fn tear(&self, dice: &mut Dice) -> Landing {
        let Self::Write { data, .. } = self else {
            return if dice.below(2) == 0 { Landing::Whole } else { Landing::Lost };
        };
        let length = data.len();
        let landed = match dice.below(4) {
            0 => {
                let sectors: Vec<bool> = (0..=length / 512).map(|_| dice.below(2) == 0).collect();
                (0..length).map(|at| sectors[at / 512]).collect()
            }
            1 => {
                let words: Vec<bool> = (0..=length / 8).map(|_| dice.below(2) == 0).collect();
                (0..length).map(|at| words[at / 8]).collect()
            }
            2 => {
                let cut = dice.below(length + 1);
                (0..length).map(|at| at < cut).collect()
            }
            _ => {
                let cut = dice.below(length + 1);
                (0..length).map(|at| at >= cut).collect()
            }
        };
        Landing::Torn(landed)
    }
}

//! A record that is being written in pieces: Partial Add SDR and Partial Add SEL Entry.

use ipmi_wire::CompletionCode;

use crate::dispatch::Outcome;

/// The one record in the making of a repository.
#[derive(Debug, Default)]
pub(crate) struct PartialAdd {
    /// What its writer calls it until it is whole.
    handle: u16,
    bytes: Vec<u8>,
}

/// One piece.
#[derive(Debug)]
pub(crate) struct Piece {
    /// 0 for a new record, then what the first answer gave.
    pub(crate) record_id: u16,
    /// Where it belongs.
    pub(crate) offset: u8,
    /// Whether it is the last one.
    pub(crate) last: bool,
    pub(crate) data: Vec<u8>,
}

/// What a piece makes of the record.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// More is to come, under this number.
    More(u16),
    /// This is all of it.
    Whole(Vec<u8>),
}

impl PartialAdd {
    /// §33.14, §31.7: what was written is not a record.
    pub(crate) const REJECTED: CompletionCode = CompletionCode(0x80);

    /// Takes a piece in. Records have `most` bytes at most.
    ///
    /// # Errors
    /// CCh if it does not follow the one before, 80h if it makes the record too long.
    pub(crate) fn take(&mut self, piece: Piece, most: usize) -> Outcome<Progress> {
        if piece.record_id == 0 && piece.offset == 0 {
            // Whoever begins gives up what was begun before.
            self.bytes.clear();
            self.handle = self.handle.checked_add(1).filter(|id| *id != 0xffff).unwrap_or(1);
        } else if piece.record_id != self.handle || usize::from(piece.offset) != self.bytes.len() {
            return Err(CompletionCode::INVALID_DATA_FIELD);
        }
        if self.bytes.len().saturating_add(piece.data.len()) > most {
            self.bytes.clear();
            return Err(Self::REJECTED);
        }
        self.bytes.extend(piece.data);
        Ok(if piece.last {
            Progress::Whole(core::mem::take(&mut self.bytes))
        } else {
            Progress::More(self.handle)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(record_id: u16, offset: u8, last: bool, data: &[u8]) -> Piece {
        Piece { record_id, offset, last, data: data.to_vec() }
    }

    #[test]
    fn pieces_follow_each_other() {
        let mut add = PartialAdd::default();
        let Ok(Progress::More(id)) = add.take(piece(0, 0, false, &[1, 2]), 4) else { panic!() };
        let refused = Err(CompletionCode::INVALID_DATA_FIELD);
        assert_eq!(add.take(piece(id, 3, false, &[3]), 4), refused);
        assert_eq!(add.take(piece(id + 1, 2, false, &[3]), 4), refused);
        let whole = add.take(piece(id, 2, true, &[3]), 4);
        assert_eq!(whole, Ok(Progress::Whole(vec![1, 2, 3])));
        // It is gone now.
        assert_eq!(add.take(piece(id, 3, true, &[4]), 4), refused);
    }

    #[test]
    fn nothing_grows_without_end_and_a_new_one_gives_up_the_old() {
        let mut add = PartialAdd::default();
        add.take(piece(0, 0, false, &[1, 2, 3]), 4).unwrap();
        add.take(piece(0, 0, false, &[9]), 4).unwrap();
        assert_eq!(add.take(piece(2, 1, true, &[8]), 4), Ok(Progress::Whole(vec![9, 8])));
        assert_eq!(add.take(piece(0, 0, false, &[0; 5]), 4), Err(PartialAdd::REJECTED));
    }
}

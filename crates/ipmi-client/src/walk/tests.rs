use std::collections::HashMap;
use std::sync::Mutex;

use ipmi_wire::Privilege;
use ipmi_wire::session::Username;

use super::reader::{RESERVATIONS, WHOLE};
use super::*;

/// Records of a length byte and that many others, with the reads that were made of them.
#[derive(Default)]
struct Fake {
    /// By the ID they are asked for by: the next one's, and the bytes or the code.
    records: HashMap<u16, (u16, Result<Vec<u8>, u8>)>,
    /// More bytes than this are refused with CAh.
    most: Option<u8>,
    /// How many pieces are refused because the reservation is gone.
    cancellations: Mutex<u32>,
    /// Reading beyond a record's end is refused with this.
    beyond: Option<u8>,
    reads: Mutex<u32>,
    size: Mutex<ReadSize>,
}

impl Fake {
    fn of(records: impl IntoIterator<Item = (u16, u16, Result<Vec<u8>, u8>)>) -> Self {
        let records = records.into_iter().map(|(id, next, what)| (id, (next, what))).collect();
        Self { records, ..Self::default() }
    }

    fn refusal(&self, code: u8) -> Error {
        let completion = CompletionCode(code);
        self.error(ErrorKind::Refused { completion, explained: None, access: None })
    }
}

impl Repository for Fake {
    const HEADER: u8 = 1;

    fn length(header: &[u8]) -> usize {
        1 + usize::from(header[0])
    }

    async fn reserve(&self) -> Result<u16, Error> {
        Ok(1)
    }

    async fn read(
        &self,
        reservation: u16,
        record_id: u16,
        offset: u8,
        count: u8,
    ) -> Result<(u16, Vec<u8>), Error> {
        *self.reads.lock().unwrap() += 1;
        assert!(*self.reads.lock().unwrap() < 1000, "the walk does not end");
        if self.most.is_some_and(|most| count > most) {
            return Err(self.refusal(0xca));
        }
        if offset > 0 {
            assert_eq!(reservation, 1);
            let mut left = self.cancellations.lock().unwrap();
            if *left > 0 {
                *left -= 1;
                return Err(self.refusal(0xc5));
            }
        }
        let (next, what) = self.records.get(&record_id).ok_or_else(|| self.refusal(0xcb))?;
        let bytes = what.as_ref().map_err(|code| self.refusal(*code))?;
        if let Some(code) = self.beyond
            && count != WHOLE
            && usize::from(offset) + usize::from(count) > bytes.len()
        {
            return Err(self.refusal(code));
        }
        let bytes = bytes.iter().skip(offset.into()).take(count.into()).copied().collect();
        Ok((*next, bytes))
    }

    fn read_size(&self) -> ReadSize {
        *self.size.lock().unwrap()
    }

    fn learn(&self, size: ReadSize) {
        *self.size.lock().unwrap() = size;
    }

    fn error(&self, kind: ErrorKind) -> Error {
        Error {
            location: None,
            behind: None,
            doing: "walk",
            user: Username::default(),
            privilege: Privilege::User,
            kind: Box::new(kind),
        }
    }
}

async fn ids(fake: &Fake) -> Vec<u16> {
    walk(fake, None).await.unwrap().records.into_iter().map(|(id, _)| id).collect()
}

async fn ending(fake: &Fake, announced: usize) -> Ending {
    walk(fake, Some(announced)).await.unwrap().ending
}

#[tokio::test]
async fn a_chain_that_leads_back_to_its_first_record_yields_none_twice() {
    let first = || Ok(vec![1, 0xa1]);
    let fake = Fake::of([
        (FIRST, 2, first()),
        (1, 2, first()),
        (2, 3, Ok(vec![1, 0xa2])),
        (3, 1, Ok(vec![1, 0xa3])),
    ]);
    assert_eq!(ids(&fake).await, [FIRST, 2, 3]);
}

#[tokio::test]
async fn a_record_that_cannot_be_read_does_not_take_the_others_with_it() {
    // C3h: seen at the end of some BMCs' repositories; FFh: wherever.
    for code in [0xc3, 0xcb, 0xff] {
        let fake = Fake::of([
            (FIRST, 2, Ok(vec![1, 0xa1])),
            (2, 3, Ok(vec![1, 0xa2])),
            (3, LAST, Err(code)),
        ]);
        assert_eq!(ids(&fake).await, [FIRST, 2], "{code:02x}");
        let Ending::Unreadable { record_id: 3, completion, .. } = ending(&fake, 3).await else {
            panic!("{code:02x}");
        };
        assert_eq!(completion, Some(CompletionCode(code)));
    }
    let fake = Fake::of([(FIRST, LAST, Err(0xc3))]);
    assert_eq!(walk(&fake, None).await.unwrap_err().completion(), Some(CompletionCode(0xc3)));
    assert!(ids(&Fake::default()).await.is_empty());
}

#[tokio::test(start_paused = true)]
async fn shrinking_pieces_do_not_use_up_the_patience_with_lost_reservations() {
    let record: Vec<u8> = (0..=40).map(|n| if n == 0 { 40 } else { n }).collect();
    let mut fake = Fake::of([(FIRST, LAST, Ok(record.clone()))]);
    fake.most = Some(8);
    fake.cancellations = Mutex::new(RESERVATIONS - 1);
    assert_eq!(walk(&fake, None).await.unwrap().records, [(FIRST, record)]);
    assert_eq!(fake.read_size(), ReadSize::Pieces(8));

    fake.cancellations = Mutex::new(RESERVATIONS);
    let error = walk(&fake, None).await.unwrap_err();
    assert!(matches!(*error.kind, ErrorKind::Inconsistent(_)), "{error}");
}

#[tokio::test]
async fn a_record_shorter_than_it_says_is_kept_and_the_walk_goes_on() {
    let fake = Fake::of([(FIRST, 2, Ok(vec![9, 0xa1])), (2, LAST, Ok(vec![1, 0xa2]))]);
    let walked = walk(&fake, None).await.unwrap();
    assert_eq!(walked.records, [(FIRST, vec![9, 0xa1]), (2, vec![1, 0xa2])]);
    // It is the record that lies: the others are read whole, today and tomorrow.
    assert_eq!((walked.ending, fake.read_size()), (Ending::Complete, ReadSize::Whole));
}

#[tokio::test]
async fn a_chain_that_bites_itself_in_the_middle_is_reported_unless_all_were_read() {
    let fake = || {
        Fake::of([
            (FIRST, 2, Ok(vec![1, 0xa1])),
            (2, 3, Ok(vec![1, 0xa2])),
            (3, 2, Ok(vec![1, 0xa3])),
        ])
    };
    assert_eq!(ending(&fake(), 9).await, Ending::Loop { record_id: 3 });
    assert_eq!(ending(&fake(), 3).await, Ending::Complete);
    // To its first record as well, by that one's own number.
    let short = || Fake::of([(FIRST, 1, Ok(vec![1, 0xa1])), (1, 1, Ok(vec![1, 0xa1]))]);
    assert_eq!(ending(&short(), 3).await, Ending::Loop { record_id: FIRST });
    assert_eq!(ending(&short(), 1).await, Ending::Complete);
    // A count that is too high or too low says nothing about a chain that ends properly.
    for count in [0, 1, 90] {
        let fake = Fake::of([(FIRST, 2, Ok(vec![1, 1])), (2, LAST, Ok(vec![1, 2]))]);
        assert_eq!(ending(&fake, count).await, Ending::Complete);
    }
}

#[tokio::test]
async fn the_size_that_a_bmc_took_is_begun_with_next_time() {
    let records = || {
        let record = |n: u8| Ok((0..=40).map(|at| if at == 0 { 40 } else { n }).collect());
        [(FIRST, 2, record(1)), (2, 3, record(2)), (3, LAST, record(3))]
    };
    let mut fake = Fake::of(records());
    fake.most = Some(22);
    walk(&fake, None).await.unwrap();
    // Whole, 32, the header; then twice 22 for each.
    assert_eq!(*fake.reads.lock().unwrap(), 3 + 3 * 2);
    *fake.reads.lock().unwrap() = 0;
    walk(&fake, None).await.unwrap();
    assert_eq!(*fake.reads.lock().unwrap(), 3 * 2);
}

#[tokio::test]
async fn a_bmc_that_minds_being_asked_for_too_much_is_asked_for_the_header_first() {
    for code in [0xc8, 0xca] {
        let small = |n| Ok(vec![2, n, n]);
        let mut fake = Fake::of([(FIRST, 2, small(1)), (2, LAST, small(2))]);
        (fake.beyond, fake.size) = (Some(code), Mutex::new(ReadSize::Pieces(16)));
        let walked = walk(&fake, None).await.unwrap();
        assert_eq!(walked.records, [(FIRST, vec![2, 1, 1]), (2, vec![2, 2, 2])]);
        assert_eq!(fake.read_size(), ReadSize::Pieces(16));
    }
}

#[tokio::test]
async fn a_record_that_ends_early_costs_only_itself_also_in_pieces() {
    for code in [0xc9, 0xcb, 0xcc] {
        let mut fake = Fake::of([(FIRST, 2, Ok(vec![60, 7])), (2, LAST, Ok(vec![1, 2]))]);
        fake.beyond = Some(code);
        let walked = walk(&fake, None).await.unwrap();
        assert_eq!(walked.records, [(FIRST, vec![60, 7]), (2, vec![1, 2])], "{code:02x}");
        assert_eq!((walked.ending, fake.read_size()), (Ending::Complete, ReadSize::Whole));
    }
}

#[tokio::test]
async fn a_bmc_that_cuts_answers_without_a_word_is_read_in_pieces() {
    // Cutting is what `of` does with `most` below: 10 bytes, whatever is asked for.
    struct Cutting(Fake);
    impl Repository for Cutting {
        const HEADER: u8 = 1;
        fn length(header: &[u8]) -> usize {
            Fake::length(header)
        }
        async fn reserve(&self) -> Result<u16, Error> {
            self.0.reserve().await
        }
        async fn read(&self, r: u16, id: u16, at: u8, n: u8) -> Result<(u16, Vec<u8>), Error> {
            let (next, mut bytes) = self.0.read(r, id, at, n).await?;
            bytes.truncate(10);
            Ok((next, bytes))
        }
        fn error(&self, kind: ErrorKind) -> Error {
            self.0.error(kind)
        }
        fn read_size(&self) -> ReadSize {
            self.0.read_size()
        }
        fn learn(&self, size: ReadSize) {
            self.0.learn(size);
        }
    }
    let record: Vec<u8> = (0..=40).map(|n| if n == 0 { 40 } else { n }).collect();
    let cutting = Cutting(Fake::of([(FIRST, LAST, Ok(record.clone()))]));
    assert_eq!(walk(&cutting, None).await.unwrap().records, [(FIRST, record)]);
    assert_eq!(cutting.read_size(), ReadSize::Pieces(32));
}

#[test]
fn sizes_that_are_never_tried_count_as_nothing_known() {
    for size in [ReadSize::Whole, ReadSize::Pieces(32), ReadSize::Pieces(8)] {
        assert_eq!(ReadSize::from_byte(size.to_byte()), size);
    }
    assert_eq!(ReadSize::from_byte(0), ReadSize::Whole);
    assert_eq!(ReadSize::from_byte(200), ReadSize::Whole);
}

/// What [`Fake`] would answer, but for what `odd` says of the read.
struct Odd<F>(Fake, F);

impl<F: Fn(&Fake, u16, u16, u8) -> Option<ErrorKind> + Sync> Repository for Odd<F> {
    const HEADER: u8 = 1;
    fn length(header: &[u8]) -> usize {
        Fake::length(header)
    }
    async fn reserve(&self) -> Result<u16, Error> {
        self.0.reserve().await
    }
    async fn read(&self, r: u16, id: u16, at: u8, n: u8) -> Result<(u16, Vec<u8>), Error> {
        match (self.1)(&self.0, r, id, n) {
            Some(kind) => {
                *self.0.reads.lock().unwrap() += 1;
                Err(self.0.error(kind))
            }
            None => self.0.read(r, id, at, n).await,
        }
    }
    fn error(&self, kind: ErrorKind) -> Error {
        self.0.error(kind)
    }
    fn read_size(&self) -> ReadSize {
        self.0.read_size()
    }
    fn learn(&self, size: ReadSize) {
        self.0.learn(size);
    }
}

fn silence() -> ErrorKind {
    let waited = std::time::Duration::from_secs(5);
    ErrorKind::Call(ipmi_session::console::Failure::NoAnswer { sent: 5, waited })
}

fn long(n: u8) -> Result<Vec<u8>, u8> {
    Ok((0..=40).map(|at| if at == 0 { 40 } else { n }).collect())
}

#[tokio::test]
async fn a_bmc_that_says_nothing_when_an_answer_would_be_too_long_is_read_in_pieces() {
    let fake = Fake::of([(FIRST, 2, long(1)), (2, LAST, long(2))]);
    let odd = Odd(fake, |_: &Fake, _, _, count| (count > 16).then(silence));
    let walked = walk(&odd, None).await.unwrap();
    assert_eq!((walked.records.len(), walked.ending), (2, Ending::Complete));
    assert_eq!(odd.read_size(), ReadSize::Pieces(16));
    // One long wait, and never again.
    assert_eq!(*odd.0.reads.lock().unwrap(), 1 + 2 * 3);
}

#[tokio::test]
async fn an_answer_that_was_lost_says_nothing_about_sizes() {
    let fake = Fake::of([(FIRST, 2, long(1)), (2, 3, long(2)), (3, LAST, long(3))]);
    let once = std::sync::atomic::AtomicBool::new(false);
    let odd = Odd(fake, |_: &Fake, _, id, count| {
        let lost = id == 2 && count == WHOLE;
        (lost && !once.swap(true, std::sync::atomic::Ordering::Relaxed)).then(silence)
    });
    let walked = walk(&odd, None).await.unwrap();
    assert_eq!((walked.records.len(), walked.ending), (3, Ending::Complete));
    assert_eq!(odd.read_size(), ReadSize::Whole);

    // One record over which the BMC hangs does not take those before it with it.
    let fake = Fake::of([(FIRST, 2, long(1)), (2, 3, long(2)), (3, LAST, long(3))]);
    let odd = Odd(fake, |_: &Fake, _, id, _| (id == 2).then(silence));
    let walked = walk(&odd, None).await.unwrap();
    assert_eq!(walked.records.len(), 1);
    let Ending::Unreadable { record_id: 2, completion: None, .. } = walked.ending else {
        panic!("{:?}", walked.ending);
    };
    assert_eq!(odd.read_size(), ReadSize::Whole);
    // A BMC that is gone is gone.
    let odd = Odd(Fake::of([(FIRST, LAST, long(1))]), |_: &Fake, _, _, _| Some(silence()));
    let error = walk(&odd, None).await.unwrap_err();
    assert!(matches!(*error.kind, ErrorKind::Call(_)), "{error}");
}

#[tokio::test(start_paused = true)]
async fn a_bmc_that_wants_a_reservation_for_whole_records_gets_one() {
    let fake = Fake::of([(FIRST, 2, long(1)), (2, LAST, long(2))]);
    let odd = Odd(fake, |fake: &Fake, reservation, _, _| {
        (reservation == 0).then(|| *fake.refusal(0xc5).kind)
    });
    assert_eq!(walk(&odd, None).await.unwrap().records.len(), 2);
    assert_eq!((odd.read_size(), *odd.0.reads.lock().unwrap()), (ReadSize::Whole, 3));
}

#[tokio::test]
async fn an_empty_repository_is_empty_however_the_bmc_says_so() {
    for code in [0xc9, 0xcc, 0xcd, 0xce, 0xd5, 0xff] {
        let fake = Fake::of([(FIRST, LAST, Err(code))]);
        assert!(walk(&fake, Some(0)).await.unwrap().records.is_empty(), "{code:02x}");
        // But not where there should be something.
        assert!(walk(&fake, Some(3)).await.is_err(), "{code:02x}");
    }
}

#[tokio::test]
async fn a_record_that_equals_the_first_does_not_hide_what_comes_after_it() {
    let same = || Ok(vec![1, 0xa1]);
    let fake =
        Fake::of([(FIRST, 1, same()), (1, 2, same()), (2, 3, Ok(vec![1, 0xa2])), (3, 1, same())]);
    assert_eq!(ids(&fake).await, [FIRST, 1, 2]);
}

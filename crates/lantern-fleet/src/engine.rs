//! One operation on many targets.
//!
//! All operations run within the task that calls [`run`]: a target costs its future while it is under
//! way, and neither a thread nor a task. They start in the order in which they were named and end as
//! they end; who wants them in another order puts each into its place.

use std::future::Future;
use std::ops::ControlFlow;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use tokio::time::{Instant, sleep_until, timeout};

/// How many at a time, how far apart, how long each.
#[derive(Clone, Copy, Debug)]
pub struct Schedule {
    /// How many are under way at most. 0 counts as 1: none would be for ever.
    pub fanout: usize,
    /// The least time between two starts. Zero for none.
    pub stagger: Duration,
    /// How long each may take, from its start. Who takes longer is dropped, [`LINGER`] after that.
    pub deadline: Option<Duration>,
}

/// An operation that ends by itself at its deadline knows why, and on a machine that is busy all that
/// is due comes late and at once. So it gets another turn before it is dropped.
pub const LINGER: Duration = Duration::from_millis(100);

impl Default for Schedule {
    fn default() -> Self {
        Self { fanout: 1024, stagger: Duration::ZERO, deadline: None }
    }
}

/// So many start at once; then what they have set off gets its turn. Ten thousand first datagrams in one
/// breath would overrun every buffer on the way, and be sent again by all at the same time.
const BURST: usize = 64;
/// How long the next ones wait at least.
const PAUSE: Duration = Duration::from_millis(1);

/// What became of one target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End<T> {
    /// What its operation came to.
    Done(T),
    /// It took longer than the deadline, and was dropped.
    Late,
    /// It was under way when all was stopped.
    Interrupted,
    /// It had not been started when all was stopped.
    NotReached,
}

/// Something that happened to the target with this number, counted from 0 in the order of names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event<T> {
    /// Its operation starts.
    Started(usize),
    /// It has ended. Every target ends once, whatever happens.
    Ended(usize, End<T>),
}

/// Runs the operation that `begin` makes for each number below `count`, until all have ended or `stop`
/// does. `tell` hears of everything at once; if it breaks, no further operation is started and those under
/// way are dropped, as if all had been stopped.
pub async fn run<T, Operation, Begin, Stop, Tell>(
    count: usize,
    schedule: Schedule,
    stop: Stop,
    mut begin: Begin,
    mut tell: Tell,
) where
    Operation: Future<Output = T>,
    Begin: FnMut(usize) -> Operation,
    Stop: Future<Output = ()>,
    Tell: FnMut(Event<T>) -> ControlFlow<()>,
{
    let Schedule { fanout, stagger, deadline } = schedule;
    let fanout = fanout.max(1);
    let mut under_way = FuturesUnordered::new();
    let mut ended = vec![false; count];
    let (mut next, mut due) = (0, Instant::now());
    tokio::pin!(stop);
    'all: loop {
        let mut begun = 0_usize;
        while next < count && under_way.len() < fanout && due <= Instant::now() {
            if tell(Event::Started(next)).is_break() {
                break 'all;
            }
            under_way.push(limited(next, deadline, begin(next)));
            next = next.saturating_add(1);
            begun = begun.saturating_add(1);
            let wait = if begun < BURST { stagger } else { stagger.max(PAUSE) };
            due = Instant::now().checked_add(wait).unwrap_or(due);
        }
        if next >= count && under_way.is_empty() {
            return;
        }
        let told = tokio::select! {
            // Who says stop is heard, however much there is to do.
            biased;
            () = &mut stop => ControlFlow::Break(()),
            Some((number, end)) = under_way.next(), if !under_way.is_empty() => {
                if let Some(place) = ended.get_mut(number) {
                    *place = true;
                }
                tell(Event::Ended(number, end))
            }
            () = sleep_until(due), if next < count && under_way.len() < fanout => {
                ControlFlow::Continue(())
            }
        };
        if told.is_break() {
            break;
        }
    }
    // What they hold is given back before anybody hears that they were stopped.
    drop(under_way);
    for (number, _) in ended.iter().enumerate().filter(|(_, ended)| !**ended) {
        let end = if number < next { End::Interrupted } else { End::NotReached };
        // It has been told to stop already.
        let _ = tell(Event::Ended(number, end));
    }
}

async fn limited<T>(
    number: usize,
    deadline: Option<Duration>,
    operation: impl Future<Output = T>,
) -> (usize, End<T>) {
    let Some(deadline) = deadline else { return (number, End::Done(operation.await)) };
    tokio::pin!(operation);
    let mut end = timeout(deadline, &mut operation).await;
    if end.is_err() {
        end = timeout(LINGER, operation).await;
    }
    (number, end.map_or(End::Late, End::Done))
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};
    use std::future::pending;

    use tokio::time::sleep;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(3);

    fn schedule(fanout: usize) -> Schedule {
        Schedule { fanout, deadline: Some(DEADLINE), ..Schedule::default() }
    }

    /// Counts who is under way, until it is dropped.
    struct Guard<'a>(&'a Cell<usize>);

    impl<'a> Guard<'a> {
        fn new(count: &'a Cell<usize>) -> Self {
            count.set(count.get() + 1);
            Self(count)
        }
    }

    impl Drop for Guard<'_> {
        fn drop(&mut self) {
            self.0.set(self.0.get() - 1);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn of_a_thousand_of_which_half_are_silent_all_are_known_by_the_deadline() {
        let started = Instant::now();
        let mut ends = Vec::new();
        let operation = |number: usize| async move {
            if number % 2 == 1 {
                pending::<()>().await;
            }
            sleep(Duration::from_millis(number as u64)).await;
            number
        };
        run(1000, schedule(1024), pending(), operation, |event| {
            if let Event::Ended(number, end) = event {
                ends.push((number, end, started.elapsed()));
            }
            ControlFlow::Continue(())
        })
        .await;
        // The last one starts after fifteen pauses; a timer of tokio's is up to a millisecond late.
        let limit = DEADLINE + LINGER + Duration::from_millis(40);
        assert!(started.elapsed() <= limit, "{:?}", started.elapsed());
        assert_eq!(ends.len(), 1000);
        for (number, end, at) in ends {
            let expected = if number % 2 == 0 { End::Done(number) } else { End::Late };
            assert_eq!(end, expected);
            // Nobody waits for the silent ones.
            assert!(number % 2 == 1 || at <= Duration::from_millis(number as u64 + 40), "{at:?}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn no_more_are_under_way_than_asked_for_and_each_has_its_own_deadline() {
        let (under_way, most) = (Cell::new(0), Cell::new(0));
        let started = Instant::now();
        let ends = Cell::new(0);
        let operation = |_| async {
            let _guard = Guard::new(&under_way);
            most.set(most.get().max(under_way.get()));
            pending::<()>().await;
        };
        run(100, schedule(30), pending(), operation, |event| {
            if let Event::Ended(_, end) = event {
                assert_eq!(end, End::Late);
                ends.set(ends.get() + 1);
            }
            ControlFlow::Continue(())
        })
        .await;
        assert_eq!((most.get(), under_way.get(), ends.get()), (30, 0, 100));
        // Four rounds, for 30 at a time.
        let (waited, rounds) = (started.elapsed(), (DEADLINE + LINGER) * 4);
        assert!(waited >= rounds && waited < rounds + Duration::from_millis(10), "{waited:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn who_ends_at_the_deadline_by_itself_is_heard_even_if_all_comes_late() {
        let operation = |_| async {
            let (tell, told) = tokio::sync::oneshot::channel();
            // As the driver of an endpoint does, in a task of its own.
            tokio::spawn(async {
                sleep(DEADLINE).await;
                let _ = tell.send("why");
            });
            told.await
        };
        let mut ends = Vec::new();
        let late = async {
            sleep(Duration::from_millis(1)).await;
            tokio::time::advance(DEADLINE * 2).await;
            pending().await
        };
        run(100, schedule(100), late, operation, |event| {
            if let Event::Ended(_, end) = event {
                ends.push(end);
            }
            ControlFlow::Continue(())
        })
        .await;
        assert_eq!(ends, vec![End::Done(Ok("why")); 100]);
    }

    #[tokio::test(start_paused = true)]
    async fn starts_are_apart_and_in_order() {
        let stagger = Duration::from_millis(500);
        let starts = RefCell::new(Vec::new());
        let begun = Instant::now();
        let operation = |number: usize| {
            starts.borrow_mut().push((number, begun.elapsed()));
            sleep(Duration::from_secs(2))
        };
        let schedule = Schedule { stagger, ..schedule(1024) };
        run(10, schedule, pending(), operation, |_| ControlFlow::Continue(())).await;
        for (place, (number, at)) in starts.borrow().iter().enumerate() {
            assert_eq!(place, *number);
            let due = stagger * u32::try_from(place).unwrap();
            assert!(*at >= due && *at < due + Duration::from_millis(20), "{number}: {at:?}");
        }
        assert_eq!(starts.borrow().len(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn who_says_stop_keeps_what_is_known() {
        let under_way = Cell::new(0);
        let operation = |number: usize| {
            let under_way = &under_way;
            async move {
                let _guard = Guard::new(under_way);
                sleep(Duration::from_secs(number as u64)).await;
                number
            }
        };
        let mut ends = Vec::new();
        let schedule = Schedule { fanout: 6, ..Schedule::default() };
        run(10, schedule, sleep(Duration::from_millis(2500)), operation, |event| {
            if let Event::Ended(number, end) = event {
                assert!(!matches!(end, End::Interrupted | End::NotReached) || under_way.get() == 0);
                ends.push((number, end));
            }
            ControlFlow::Continue(())
        })
        .await;
        ends.sort_by_key(|(number, _)| *number);
        let known = |number| (number, End::Done(number));
        let expected: Vec<_> = (0..3)
            .map(known)
            .chain((3..9).map(|number| (number, End::Interrupted)))
            .chain([(9, End::NotReached)])
            .collect();
        assert_eq!(ends, expected);
    }

    #[tokio::test(start_paused = true)]
    async fn who_needs_no_more_is_told_of_the_rest_and_nothing_is_started() {
        let begun = Cell::new(0);
        let operation = |_| {
            begun.set(begun.get() + 1);
            async {}
        };
        let (mut done, mut stopped) = (0, 0);
        let schedule = Schedule { fanout: 2, ..Schedule::default() };
        run(10, schedule, pending(), operation, |event| match event {
            Event::Ended(_, End::Done(())) => {
                done += 1;
                ControlFlow::Break(())
            }
            Event::Ended(..) => {
                stopped += 1;
                ControlFlow::Continue(())
            }
            Event::Started(_) => ControlFlow::Continue(()),
        })
        .await;
        assert_eq!((done, stopped, begun.get()), (1, 9, 2));
    }

    #[tokio::test]
    async fn nobody_is_nothing_to_wait_for() {
        let operation = |_| pending::<()>();
        run(0, Schedule::default(), pending(), operation, |_| panic!("of whom?")).await;
    }
}

//! What happens at a controller, for somebody who watches it from outside of IPMI.
//!
//! Nobody does, as a rule, and then nothing is noted. The log tells of itself, because what it held
//! and lost again cannot be found out afterwards; everything else is the difference between two
//! looks: see [`Bmc::take_news`].

use std::collections::{BTreeMap, VecDeque};

use ipmi_wire::sel::SelRecord;

use crate::bmc::Bmc;
use crate::inspect::SessionView;
use crate::platform::IdentifyLight;

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum News {
    /// The mains failed or came back.
    Mains(bool),
    /// The machine's main power came or went.
    Power(bool),
    /// The identification light went on or off.
    Identify(bool),
    /// Somebody logged in.
    SessionOpened(SessionView),
    /// A session ended.
    SessionClosed(SessionView),
    /// An event was logged.
    Logged(SelRecord),
    /// The event with this record ID was taken out of the log.
    Deleted(u16),
    /// The log was cleared.
    Cleared,
    /// So much happened to the log since the last look that this much of it is not told.
    Missed(u64),
}

/// How much of what happened to the log is kept from one look to the next.
const KEPT: usize = 1024;

/// What was seen last, while somebody watches.
#[derive(Debug, Default)]
pub(crate) struct Feed {
    seen: Option<Box<Seen>>,
}

#[derive(Debug)]
struct Seen {
    mains: bool,
    power: bool,
    light: bool,
    sessions: BTreeMap<u32, SessionView>,
}

impl Seen {
    fn of(bmc: &Bmc) -> Self {
        Self {
            mains: bmc.has_mains,
            power: bmc.is_on(),
            light: bmc.chassis.light() != IdentifyLight::Off,
            sessions: bmc.session_views().map(|session| (session.id, session)).collect(),
        }
    }
}

/// What happened to the log, while somebody watches.
#[derive(Debug, Default)]
pub(crate) struct LogWatch {
    news: Option<VecDeque<News>>,
    missed: u64,
}

impl LogWatch {
    pub(crate) fn added(&mut self, event: &SelRecord) {
        self.note(|| News::Logged(*event));
    }

    pub(crate) fn deleted(&mut self, id: u16) {
        self.note(|| News::Deleted(id));
    }

    pub(crate) fn cleared(&mut self) {
        self.note(|| News::Cleared);
    }

    fn note(&mut self, news: impl FnOnce() -> News) {
        match &mut self.news {
            Some(all) if all.len() < KEPT => all.push_back(news()),
            Some(_) => self.missed = self.missed.saturating_add(1),
            None => {}
        }
    }

    fn take(&mut self) -> impl Iterator<Item = News> {
        let missed = core::mem::take(&mut self.missed);
        let news = self.news.as_mut().map(core::mem::take).unwrap_or_default();
        news.into_iter().chain((missed > 0).then_some(News::Missed(missed)))
    }
}

impl Bmc {
    /// Begins to note what happens, or stops to. Whoever watches already misses nothing.
    pub fn watch(&mut self, watch: bool) {
        if watch == self.feed.seen.is_some() {
            return;
        }
        self.feed.seen = watch.then(|| Box::new(Seen::of(self)));
        self.sel.watch = LogWatch { news: watch.then(VecDeque::new), missed: 0 };
    }

    /// Whether what happens is noted.
    #[must_use]
    pub const fn is_watched(&self) -> bool {
        self.feed.seen.is_some()
    }

    /// What has happened since the last time, or since somebody [`watch`](Self::watch)es. What came
    /// and went between two looks is told of the log only.
    pub fn take_news(&mut self) -> Vec<News> {
        let Some(before) = self.feed.seen.take() else { return Vec::new() };
        let after = Box::new(Seen::of(self));
        let mut news = Vec::new();
        for (was, is, tell) in [
            (before.mains, after.mains, News::Mains as fn(bool) -> News),
            (before.power, after.power, News::Power),
            (before.light, after.light, News::Identify),
        ] {
            if was != is {
                news.push(tell(is));
            }
        }
        let (old, new) = (&before.sessions, &after.sessions);
        let opened = new.values().filter(|session| !old.contains_key(&session.id));
        news.extend(opened.cloned().map(News::SessionOpened));
        news.extend(self.sel.watch.take());
        let closed = old.values().filter(|session| !new.contains_key(&session.id));
        news.extend(closed.cloned().map(News::SessionClosed));
        self.feed.seen = Some(after);
        news
    }
}

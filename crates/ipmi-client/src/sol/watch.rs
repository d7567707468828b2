//! Reading a console, and seeing to it that it is still there.
//!
//! A BMC that gives a console to somebody else should say so, and many do not (a list is in
//! `research/freeipmi.md` §5): a console that shows nothing is then somebody else's. So while it shows
//! nothing, the BMC is asked whose it is.

use tokio::time::Instant;

use super::{ASK, Console, Ended, Heard};
use crate::endpoint::line::LineCommand;

impl Console {
    /// What comes next. After [`Heard::Ended`] there is nothing more. May be given up and asked for
    /// again: nothing is lost.
    pub async fn next(&mut self) -> Heard {
        loop {
            if self.is_over {
                return Heard::Ended(Ended::Lost);
            }
            let heard = tokio::select! {
                biased;
                heard = self.heard.recv() => heard,
                () = until(self.ask_at) => {
                    match self.ask().await {
                        Some(ended) => return self.end(ended),
                        None => continue,
                    }
                }
            };
            let Some(heard) = heard else { return self.end(Ended::Lost) };
            self.command(LineCommand::Read);
            if self.ask_at.is_some() {
                self.ask_at = Instant::now().checked_add(ASK);
            }
            match self.tell(heard) {
                Some(Heard::Ended(ended)) => return self.end(ended),
                Some(told) => return told,
                None => {}
            }
        }
    }

    fn end(&mut self, ended: Ended) -> Heard {
        self.is_over = true;
        Heard::Ended(ended)
    }

    /// Whether it is somebody else's by now.
    async fn ask(&mut self) -> Option<Ended> {
        self.ask_at = Instant::now().checked_add(ASK);
        match self.is_mine().await {
            Ok(Some(false)) => Some(Ended::Taken),
            Ok(Some(true)) => None,
            // It does not say: it is not asked again.
            Ok(None) => {
                self.ask_at = None;
                None
            }
            // Should the session be lost, that is heard.
            Err(_) => None,
        }
    }
}

async fn until(due: Option<Instant>) {
    match due {
        Some(due) => tokio::time::sleep_until(due).await,
        None => std::future::pending().await,
    }
}

//! Many consoles, kept open whether or not anybody looks: each has a log, a backlog that is shown to
//! who comes, and the people who share it.
//!
//! * [`Keeper`]: the consoles. `line`: one of them, got, served, lost and got back.
//! * `room`: who is attached to a console, and who has the pen. `backlog`: what it showed last, which
//!   each reads at a pace of his own.
//! * [`ConsoleLog`]: what it showed, in a file.
//! * [`listen`], [`Client`]: both ends of the socket. `frame`: what goes over it.
//!
//! How a console is got, and what it speaks, is [`Dial`]'s and [`Line`]'s business; terminals are the
//! client's.

mod backlog;
mod client;
mod frame;
mod keeper;
mod line;
mod log;
mod room;
mod serve;
mod socket;

pub use client::{Attached, Client, ClientError, Listener, Told, Typist};
pub use frame::{Attach, Row, State};
pub use keeper::{Keeper, Logs};
pub use line::{Dial, Heard, Hope, Line, Refusal};
pub use log::{ConsoleLog, Limits};
pub use serve::serve;
pub use socket::{Bound, ListenError, listen};

//! What is done to a node: what its driver offers, and no more.

use std::io;

use ipmi_io::HostDevice;

/// A node.
pub(super) trait Node {
    /// Waits for a request. Nothing is lost if that is given up.
    async fn read(&self, buffer: &mut [u8]) -> io::Result<usize>;

    /// Gives the answer to the latest request; an error of kind `InvalidInput` if the host does not wait
    /// for it any more.
    async fn write(&self, message: &[u8]) -> io::Result<()>;

    /// Raises or lowers `SMS_ATN`.
    fn show_attention(&self, waiting: bool) -> io::Result<()>;

    /// Has the host begin anew: it has said what nobody can answer.
    fn abort(&self) -> io::Result<()>;
}

impl Node for HostDevice {
    async fn read(&self, buffer: &mut [u8]) -> io::Result<usize> {
        Self::read(self, buffer).await
    }

    async fn write(&self, message: &[u8]) -> io::Result<()> {
        Self::write(self, message).await
    }

    fn show_attention(&self, waiting: bool) -> io::Result<()> {
        Self::show_attention(self, waiting)
    }

    fn abort(&self) -> io::Result<()> {
        Self::abort(self)
    }
}

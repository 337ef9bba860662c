"""The docs, executed: `blocks` reads the pages, `program` is what their lines call, `shelf` has the files they name."""

// An address that names a line but not its page (an IRI followed from elsewhere) goes on to the page that holds it.
const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
if (wanted?.matches("a[data-line]")) location.replace(wanted.href);

// Looks again after a while, so that progress moves by itself; without this the link on the page does the same.
setTimeout(() => location.reload(), 3000);

document.querySelector("x");

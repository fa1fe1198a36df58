// request URL [METHOD]: one request by net/http; its answer on stdout, and exit status 1 where it is not 2xx.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
)

func main() {
	method := "GET"
	if len(os.Args) > 2 {
		method = os.Args[2]
	}
	request, err := http.NewRequest(method, os.Args[1], nil)
	if err != nil {
		panic(err)
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	fmt.Println(answer.Proto, string(body))
	if answer.StatusCode/100 != 2 {
		os.Exit(1)
	}
}
